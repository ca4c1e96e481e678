#include "base/utf8.h"

#include <gtest/gtest.h>

namespace spoke {
namespace {

TEST(ValidUtf8, LeavesWhatIsFineAndReplacesTheRest) {
  const std::pair<const char*, const char*> cases[] = {
      {"plain", "plain"},
      {"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"a\xff"
       "b",
       "a\xef\xbf\xbd"
       "b"},
      {"\xc3", "\xef\xbf\xbd"},
      {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                  // overlong
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},  // a surrogate
      {"\xf5\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
  };
  for (const auto& [bytes, expected] : cases) {
    EXPECT_EQ(valid_utf8(bytes), expected);
    EXPECT_EQ(is_utf8(bytes), std::string_view(bytes) == expected) << bytes;
  }
}

TEST(ValidUtf8, CutsBetweenCharacters) {
  EXPECT_EQ(valid_utf8("a\xe2\x82\xac", 3), "a");
  EXPECT_EQ(valid_utf8("a\xe2\x82\xac", 4), "a\xe2\x82\xac");
  EXPECT_EQ(valid_utf8("abc", 0), "");
}

}  // namespace
}  // namespace spoke
