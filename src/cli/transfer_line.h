// How far a transfer of images is: one line on a terminal, nothing elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "cli/screen.h"

namespace spoke::cli {

class TransferLine {
 public:
  explicit TransferLine(std::string what) : what_(std::move(what)) {}  // "pulling"; "" for no line at all

  std::function<void(std::int64_t done, std::int64_t total)> told();
  void end() { screen_.progress(""); }

 private:
  std::string what_;
  Screen screen_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now(), drawn_;
};

}  // namespace spoke::cli
