// The few asynchronous things that are not sockets: time, events, work that blocks.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "net/task.h"

namespace spoke::net {

using Millis = std::chrono::milliseconds;

Task<Executor> this_executor();
Task<> sleep_for(std::chrono::nanoseconds d);

// Wakes whoever waits. notify() with nobody waiting is remembered for the next wait (once), so a "look again" is never
// lost between a look and a wait. For one waiting coroutine.
class Event {
 public:
  explicit Event(Executor executor);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void notify();
  Task<> wait();
  Task<bool> wait_for(std::chrono::nanoseconds d);  // false where the time passed without a notify

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Threads for what blocks: processes, unpacking, hashing. `work` runs there; the caller goes on, on the loop, with its
// result or its exception. `work` must not touch what belongs to the loop.
boost::asio::thread_pool& workers();

template <class Work>
Task<std::invoke_result_t<Work>> on_worker(Work work) {
  using Result = std::invoke_result_t<Work>;
  co_return co_await boost::asio::co_spawn(
      workers(), [](Work w) -> Task<Result> { co_return w(); }(std::move(work)), boost::asio::use_awaitable);
}

}  // namespace spoke::net
