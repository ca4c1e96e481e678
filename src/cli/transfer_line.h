// How far a transfer of images is: one line on a terminal, nothing elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cli/screen.h"
#include "image/build/transport.h"

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

// A place that was named on the command line. Throws UsageError.
image::Place place_in(std::string_view text, std::string_view option);

}  // namespace spoke::cli
