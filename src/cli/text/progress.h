// The one line that `spoke run` keeps up to date on a terminal.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace spoke::cli {

struct Progress {
  std::string name;
  std::string state;
  size_t running = 0;  // executors
  std::string wanted;  // "2", "1-5"
  Duration elapsed{};
  std::string trouble;  // what holds it up, ""
};

// "spark-pi  RUNNING  executors 2/2  12s": at most `cells` wide, without line end. Several are set side by side.
std::string progress_line(const std::vector<Progress>& all, size_t cells, bool colour);

}  // namespace spoke::cli
