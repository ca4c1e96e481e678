// The few asynchronous things that are not sockets: time, events, work that blocks.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

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

namespace detail {
Task<> run_on_worker(std::function<void()> work);
}

// Runs what blocks (processes, unpacking, hashing) on a thread for it; the caller goes on, on the loop, with its result
// or its exception. `work` must not touch what belongs to the loop. A task that is cancelled meanwhile waits for the
// end all the same: what was begun is thereby done when a process ends in order.
template <class Work>
Task<std::invoke_result_t<Work>> on_worker(Work work) {
  using Result = std::invoke_result_t<Work>;
  using Value = std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;
  struct Job {
    Work work;
    std::optional<Value> value = std::nullopt;
    std::exception_ptr failure = nullptr;
  };
  const auto job = std::make_shared<Job>(std::move(work));
  co_await detail::run_on_worker([job] {
    try {
      if constexpr (std::is_void_v<Result>)
        job->work();
      else
        job->value.emplace(job->work());
    } catch (...) {
      job->failure = std::current_exception();
    }
  });
  if (job->failure) std::rethrow_exception(job->failure);
  if constexpr (!std::is_void_v<Result>) co_return std::move(*job->value);
}

}  // namespace spoke::net
