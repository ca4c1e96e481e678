#include "cluster/api/json_text.h"

#include <gtest/gtest.h>

namespace spoke::cluster {
namespace {

TEST(JsonTextTest, SaysWhatGoSaysOfBrokenJson) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "unexpected end of JSON input"},
      {"{\"a\": {", "unexpected end of JSON input"},
      {"not json", "invalid character 'o' in literal null (expecting 'u')"},
      {"{a}", "invalid character 'a' looking for beginning of object key string"},
      {"{\"a\" 1}", "invalid character '1' after object key"},
      {"{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair"},
      {"[1 2]", "invalid character '2' after array element"},
      {"{} x", "invalid character 'x' after top-level value"},
      {"\xC2\x8A", "invalid character 'Â' looking for beginning of value"},
      {"\"\\x\"", "invalid character 'x' in string escape code"},
      {"-", "unexpected end of JSON input"},
      {"01", "invalid character '1' after top-level value"},
  };
  for (const auto& [text, problem] : cases) EXPECT_EQ(json_problem(text), problem) << text;
}

TEST(JsonTextTest, FindsNothingInGoodJson) {
  for (const char* text : {"{}", " [1, -2.5e+3, \"\\u00e4\\n\", true, null, {}] ", "\"x\"", "0"})
    EXPECT_EQ(json_problem(text), std::nullopt) << text;
}

TEST(JsonTextTest, ListsMembersThatAreNamedTwice) {
  using Paths = std::vector<std::string>;
  EXPECT_EQ(duplicate_members(R"({"data":{"k":1,"k":2},"data":{}})"), (Paths{"data.k", "data"}));
  EXPECT_EQ(duplicate_members(R"({"a":[{"b":1},{"b":1,"b":2,"b":3}]})"), Paths{"a[1].b"});
  EXPECT_EQ(duplicate_members(R"({"a":1,"\u0061":2})"), Paths{"a"});
  EXPECT_EQ(duplicate_members("{"), Paths{});
}

TEST(JsonTextTest, ADeepTextEndsTheReadingNotTheProgram) {
  EXPECT_EQ(json_problem(std::string(1000000, '[')), "exceeded max depth");
}

}  // namespace
}  // namespace spoke::cluster
