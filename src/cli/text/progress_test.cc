#include "cli/text/progress.h"

#include <gtest/gtest.h>

#include "cli/text/style.h"

namespace spoke::cli {
namespace {

const Progress kRunning{"pi", "RUNNING", 1, "2", std::chrono::milliseconds(12900), ""};

TEST(Progress, SaysStateExecutorsAndTime) {
  EXPECT_EQ(progress_line({kRunning}, 80, false), "pi  RUNNING  executors 1/2  12s");
}

TEST(Progress, SaysWhatHoldsItUp) {
  Progress stuck = kRunning;
  stuck.state = "SUBMITTED";
  stuck.trouble = "ImagePullBackOff: no\nsuch image";
  EXPECT_EQ(progress_line({stuck}, 80, false), "pi  SUBMITTED  executors 1/2  12s  ImagePullBackOff: no such image");
}

TEST(Progress, NeverWrapsWhateverTheWidth) {
  for (size_t cells = 0; cells < 100; ++cells)
    EXPECT_LE(width(progress_line({kRunning, kRunning, kRunning}, cells, false)), cells);
}

}  // namespace
}  // namespace spoke::cli
