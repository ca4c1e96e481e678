#include "cli/text/nearest.h"

#include <gtest/gtest.h>

namespace spoke::cli {
namespace {

const std::vector<std::string> kCommands = {"run",  "list",   "get",     "describe",
                                            "logs", "delete", "version", "completion"};

TEST(EditDistance, CountsSwapsAsOne) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("list", "list"), 0U);
  EXPECT_EQ(edit_distance("lsit", "list"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, FindsWhatWasMeant) {
  EXPECT_EQ(nearest("lsit", kCommands), "list");
  EXPECT_EQ(nearest("log", kCommands), "logs");
  EXPECT_EQ(nearest("desc", kCommands), "describe");
  EXPECT_EQ(nearest("delte", kCommands), "delete");
  EXPECT_EQ(nearest("rnu", kCommands), "run");
}

TEST(Nearest, SaysNothingRatherThanNonsense) {
  EXPECT_FALSE(nearest("xyzzy", kCommands));
  EXPECT_FALSE(nearest("", kCommands));
  EXPECT_FALSE(nearest(std::string(100000, 'r'), kCommands));
}

}  // namespace
}  // namespace spoke::cli
