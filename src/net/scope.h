// Who owns what runs. A Scope spawns tasks, cancels them and waits for them; at its own end nothing may be under way.
#pragma once

#include <memory>
#include <string>

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

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

bool is_cancelled(const std::exception& e);  // whether it is the operation_aborted of a cancelled task

}  // namespace spoke::net
