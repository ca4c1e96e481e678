// Who owns what runs. A Scope spawns tasks, cancels them and waits for them; at its own end nothing may be under way.
#pragma once

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "net/task.h"

namespace spoke::net {

class Scope {
 public:
  explicit Scope(Executor executor);
  ~Scope();  // aborts the program where something is still under way: that is a mistake in the code
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Runs the task on the executor. An exception that leaves it is logged under `name`, and is no reason to stop others.
  // After close() has begun, the task is dropped unstarted.
  void spawn(std::string name, Task<> task);

  size_t under_way() const;
  void cancel();   // asks all to end: what they await throws operation_aborted
  Task<> close();  // cancel(), then waits for the last
  Task<> drain();  // waits for the last, without cancelling

  // Runs `work` and then closes, whatever came of it: its value or its exception is handed on after the last task.
  template <class T>
  Task<T> during(Task<T> work) {
    std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;
    std::exception_ptr failure;
    try {
      if constexpr (std::is_void_v<T>)
        co_await std::move(work);
      else
        value.emplace(co_await std::move(work));
    } catch (...) {
      failure = std::current_exception();
    }
    // A task that has been cancelled could await nothing else.
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    co_await close();
    co_await boost::asio::this_coro::reset_cancellation_state();
    if (failure) std::rethrow_exception(failure);
    if constexpr (!std::is_void_v<T>) co_return std::move(*value);
  }

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

bool is_cancelled(const std::exception& e);  // whether it is the operation_aborted of a cancelled task

}  // namespace spoke::net
