// Running another program without holding up the loop.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "net/task.h"

namespace spoke::cluster {

struct ProcessOptions {
  std::chrono::milliseconds timeout{0};  // 0: none; past it the program and its process group are killed
  // Called first then, for a program that has somebody else to end: it gets another second.
  std::function<void()> interrupt;
  size_t output_limit = 64 << 10;  // bytes kept; the rest is read and dropped
};

struct ProcessResult {
  int exit_code = 0;  // 128 + signal where a signal ended it
  bool timed_out = false;
  std::string output;  // standard output and standard error as they came
};

// argv[0] is a path. Throws Error where it cannot be started. Where the task is cancelled, the program is killed.
net::Task<ProcessResult> run_process(std::vector<std::string> argv, ProcessOptions options = {});

}  // namespace spoke::cluster
