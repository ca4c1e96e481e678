#include "net/scope.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <list>

#include "base/log.h"
#include "net/async.h"

namespace spoke::net {

namespace asio = boost::asio;

bool is_cancelled(const std::exception& e) {
  if (const auto* several = dynamic_cast<const asio::multiple_exceptions*>(&e)) {
    try {
      std::rethrow_exception(several->first_exception());
    } catch (const std::exception& first) {
      return is_cancelled(first);
    }
  }
  const auto* error = dynamic_cast<const boost::system::system_error*>(&e);
  return error != nullptr && error->code() == asio::error::operation_aborted;
}

struct Scope::Impl {
  explicit Impl(Executor e) : executor(std::move(e)), idle(executor) {}
  Executor executor;
  Event idle;
  std::list<asio::cancellation_signal> running;
  bool closed = false;
};

Scope::Scope(Executor executor) : impl_(std::make_shared<Impl>(std::move(executor))) {}

Scope::~Scope() {
  if (!impl_->running.empty()) {
    log::error("a scope ended with tasks under way", "tasks", impl_->running.size());
    std::abort();
  }
}

void Scope::spawn(std::string name, Task<> task) {
  if (impl_->closed) return;
  const auto at = impl_->running.emplace(impl_->running.end());
  asio::co_spawn(impl_->executor, std::move(task),
                 asio::bind_cancellation_slot(
                     at->slot(), [impl = impl_, at, name = std::move(name)](const std::exception_ptr& failure) {
                       // The slot lives in the list: it must outlast this handler's own association with it.
                       asio::post(impl->executor, [impl, at] {
                         impl->running.erase(at);
                         if (impl->running.empty()) impl->idle.notify();
                       });
                       if (!failure) return;
                       try {
                         std::rethrow_exception(failure);
                       } catch (const std::exception& e) {
                         if (!is_cancelled(e)) log::error("task ended by an error", "task", name, "error", e.what());
                       }
                     }));
}

size_t Scope::under_way() const { return impl_->running.size(); }

void Scope::cancel() {
  // Emitting only marks tasks and posts the ends of what they await: none of them runs, or leaves the list, inside of
  // it.
  for (auto& signal : impl_->running) signal.emit(asio::cancellation_type::terminal);
}

Task<> Scope::close() {
  impl_->closed = true;
  cancel();
  co_await drain();
}

Task<> Scope::drain() {
  const auto impl = impl_;
  while (!impl->running.empty()) co_await impl->idle.wait();
}

}  // namespace spoke::net
