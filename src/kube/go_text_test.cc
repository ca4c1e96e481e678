#include "kube/go_text.h"

#include <gtest/gtest.h>

namespace spoke::kube {
namespace {

TEST(GoText, QuotesAsStrconv) {
  EXPECT_EQ(go_quoted("plain"), "\"plain\"");
  EXPECT_EQ(go_quoted("a\"b\\c\n\t\x01\x7f"), R"("a\"b\\c\n\t\x01\x7f")");
  EXPECT_EQ(go_quoted("é日😀"), "\"é日😀\"");
  EXPECT_EQ(go_quoted("\u00a0\u200b\U000e0001"), R"("\u00a0\u200b\U000e0001")");
  EXPECT_EQ(go_quoted("\xff\xc3("), R"("\xff\xc3(")");        // not UTF-8
  EXPECT_EQ(go_quoted("\xed\xa0\x80"), R"("\xed\xa0\x80")");  // half of a surrogate pair
  EXPECT_EQ(go_quoted(std::string_view("a\0b", 3)), R"("a\x00b")");
}

TEST(GoText, PrintsDocumentsAsFmt) {
  EXPECT_EQ(go_printed(json::parse(R"({"b": [1, 2.5, null, true], "a": {"x": ""}})")),
            "map[a:map[x:] b:[1 2.5 <nil> true]]");
  EXPECT_EQ(go_printed(json::parse("[123456.0, 1234567.0, 0.0001, 0.00001, 1e21, -2.0, 0.0]")),
            "[123456 1.234567e+06 0.0001 1e-05 1e+21 -2 0]");
}

TEST(GoText, ShowsValuesAsFieldErrors) {
  EXPECT_EQ(go_shown(json::value("x\n")), R"("x\n")");
  EXPECT_EQ(go_shown(json::value(1.5)), "1.5");
  EXPECT_EQ(go_shown(json::value(-1)), "-1");
  EXPECT_EQ(go_shown(json::value(true)), "true");
  EXPECT_EQ(go_shown(json::value(nullptr)), "null");
  EXPECT_EQ(go_shown(json::parse(R"({"a": ["<&>"]})")), R"({"a":["\u003c\u0026\u003e"]})");
}

}  // namespace
}  // namespace spoke::kube
