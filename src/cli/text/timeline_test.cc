#include "cli/text/timeline.h"

#include <gtest/gtest.h>

namespace spoke::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kBegin = *parse_rfc3339("2026-03-01T12:00:00Z");

TEST(Timeline, EachStateTakesUntilTheNext) {
  Timeline timeline(kBegin);
  EXPECT_TRUE(timeline.enter("NEW", kBegin));
  EXPECT_TRUE(timeline.enter("SUBMITTED", kBegin + milliseconds(300)));
  EXPECT_FALSE(timeline.enter("SUBMITTED", kBegin + seconds(1))) << "the same state again is no news";
  EXPECT_TRUE(timeline.enter("RUNNING", kBegin + milliseconds(4400)));
  const auto steps = timeline.steps(kBegin + seconds(10));
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].took, milliseconds(300));
  EXPECT_EQ(steps[1].took, milliseconds(4100));
  EXPECT_EQ(steps[2].took, milliseconds(5600));
  EXPECT_EQ(timeline.state(), "RUNNING");
}

TEST(Timeline, ARerunPassesAStateTwice) {
  Timeline timeline(kBegin);
  for (const char* state : {"RUNNING", "FAILING", "PENDING_RERUN", "RUNNING"}) timeline.enter(state, kBegin);
  EXPECT_EQ(timeline.steps(kBegin).size(), 4U);
}

TEST(ShortDuration, TenthsBelowAMinute) {
  EXPECT_EQ(short_duration(milliseconds(0)), "0.0s");
  EXPECT_EQ(short_duration(milliseconds(380)), "0.4s");
  EXPECT_EQ(short_duration(milliseconds(59940)), "59.9s");
  EXPECT_EQ(short_duration(milliseconds(59960)), "59s");
  EXPECT_EQ(short_duration(seconds(187)), "3m7s");
  EXPECT_EQ(short_duration(milliseconds(-5)), "0.0s") << "clocks may be set back";
}

TEST(Summary, NamesTheEndAndWhatLedThere) {
  Timeline timeline(kBegin);
  timeline.enter("NEW", kBegin);
  timeline.enter("SUBMITTED", kBegin + milliseconds(300));
  timeline.enter("RUNNING", kBegin + milliseconds(4400));
  timeline.enter("COMPLETED", kBegin + seconds(42));
  EXPECT_EQ(summary("pi", timeline, kBegin + seconds(42), false),
            "pi: COMPLETED after 42.0s\n"
            "  NEW           0.3s\n"
            "  SUBMITTED     4.1s\n"
            "  RUNNING      37.6s\n");
}

TEST(Summary, OfOneStateIsOneLine) {
  Timeline timeline(kBegin);
  timeline.enter("FAILED", kBegin);
  EXPECT_EQ(summary("pi", timeline, kBegin + seconds(1), false), "pi: FAILED after 1.0s\n");
}

}  // namespace
}  // namespace spoke::cli
