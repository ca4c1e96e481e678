#include "net/async.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

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

asio::thread_pool& workers() {
  static asio::thread_pool pool(6);
  return pool;
}

}  // namespace spoke::net
