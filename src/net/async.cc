#include "net/async.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "base/files.h"

namespace spoke::net {

namespace asio = boost::asio;

Task<Executor> this_executor() { co_return co_await asio::this_coro::executor; }

Task<> sleep_for(std::chrono::nanoseconds d) {
  asio::steady_timer timer(co_await asio::this_coro::executor, d);
  co_await timer.async_wait(asio::use_awaitable);
}

struct Event::Impl {
  explicit Impl(const Executor& executor) : timer(executor) {}
  asio::steady_timer timer;
  bool notified = false;
};

Event::Event(Executor executor) : impl_(std::make_unique<Impl>(executor)) {}
Event::~Event() = default;

void Event::notify() {
  impl_->notified = true;
  impl_->timer.cancel();
}

Task<> Event::wait() { co_await wait_for(std::chrono::hours(24 * 365)); }

Task<bool> Event::wait_for(std::chrono::nanoseconds d) {
  if (!impl_->notified) {
    impl_->timer.expires_after(d);
    boost::system::error_code error;
    co_await impl_->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    // A cancelled coroutine ends; a timer that notify() cancelled only wakes.
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return std::exchange(impl_->notified, false);
}

// A worker tells the loop of its end by an eventfd alone: it never touches the loop, which may be gone by then.
Task<> detail::run_on_worker(std::function<void()> work) {
  static asio::thread_pool workers(6);
  const int ended = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (ended < 0) fail_errno("eventfd");
  asio::posix::stream_descriptor waits(co_await asio::this_coro::executor, ended);
  const auto tells = std::make_shared<Fd>(::fcntl(ended, F_DUPFD_CLOEXEC, 0));
  if (!*tells) fail_errno("fcntl(F_DUPFD_CLOEXEC)");
  const auto done = std::make_shared<std::atomic<bool>>(false);
  asio::post(workers, [work = std::move(work), tells, done]() mutable {
    work();
    work = nullptr;  // what it holds ends before the caller goes on
    done->store(true, std::memory_order_release);
    ::eventfd_write(tells->get(), 1);
  });
  while (!done->load(std::memory_order_acquire)) {
    boost::system::error_code ignored;
    co_await waits.async_wait(
        asio::posix::stream_descriptor::wait_read,
        asio::bind_cancellation_slot(asio::cancellation_slot(), asio::redirect_error(asio::use_awaitable, ignored)));
  }
}

}  // namespace spoke::net
