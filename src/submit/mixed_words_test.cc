#include "submit/mixed_words.h"

#include <gtest/gtest.h>

#include "submit/arguments.h"

namespace spoke::submit {
namespace {

using Words = std::vector<std::string>;

TEST(MixedWords, TakesWhatIsItsOwnAndLeavesTheRest) {
  MixedWords words({"team", "--conf", "a=b", "--detach", "--port=7", "--port", "8", "--name", "--detach", "--verbose"});
  EXPECT_TRUE(words.flag("--detach"));
  EXPECT_FALSE(words.flag("-d"));
  EXPECT_EQ(words.values("--port"), (Words{"7", "8"}));
  EXPECT_EQ(words.names(), Words{"team"});
  EXPECT_EQ(words.rest(), (Words{"--conf", "a=b", "--name", "--detach", "--verbose"}));
}

TEST(MixedWords, AnOptionWithAnOptionalValueTakesNoWord) {
  MixedWords words({"--dry-run", "team"});
  EXPECT_EQ(words.names(), Words{"team"});
}

TEST(MixedWords, AnOptionWithoutItsValueIsRefused) {
  MixedWords words({"--port"});
  EXPECT_THROW(words.values("--port"), BadArguments);
  EXPECT_THROW(MixedWords({"--conf"}).rest(), BadArguments);
  EXPECT_EQ(MixedWords({"--name", "--conf"}).rest(), (Words{"--name", "--conf"}));
}

}  // namespace
}  // namespace spoke::submit
