#include "spark/properties_text.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace spoke::spark {
namespace {

TEST(StoreProperties, WritesCommentDateAndSortedLines) {
  const Time date = Time(std::chrono::seconds(1795239912));  // as Date.toString writes it
  EXPECT_EQ(store_properties({{"spark.b", "2"}, {"spark.a", "1"}}, "hello", date),
            "#hello\n#Sat Nov 21 05:45:12 UTC 2026\nspark.a=1\nspark.b=2\n");
}

TEST(StoreProperties, EscapesAsJava) {
  const auto line = [](const std::string& name, const std::string& value) {
    const std::string text = store_properties({{name, value}}, "", Time());
    return text.substr(text.find('\n', text.find('\n') + 1) + 1);
  };
  EXPECT_EQ(line("k", " a#b!c:d=e\tü"), "k=\\ a\\#b\\!c\\:d\\=e\\tü\n");
  EXPECT_EQ(line("k:y z", "a b "), "k\\:y\\ z=a b \n");
  EXPECT_EQ(line("k", "a\nb\r\f\\"), "k=a\\nb\\r\\f\\\\\n");
  EXPECT_EQ(line("k", ""), "k=\n");
}

TEST(LoadProperties, TakesTheThreeSeparators) {
  EXPECT_EQ(load_properties("a=1\nb : 2\nc 3\nd\t=\t4\n  e   5 6 \nf"),
            (Properties{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5 6 "}, {"f", ""}}));
}

TEST(LoadProperties, SkipsCommentsAndEmptyLines) {
  EXPECT_EQ(load_properties("# no\n ! no\n\n   \na=#yes\r\nb=2\r"), (Properties{{"a", "#yes"}, {"b", "2"}}));
}

TEST(LoadProperties, ContinuesLines) {
  EXPECT_EQ(load_properties("a=1,\\\n   2,\\\r\n\t3\nb=x\\\\\nc=\\"),
            (Properties{{"a", "1,2,3"}, {"b", "x\\"}, {"c", ""}}));
  EXPECT_EQ(load_properties("a=\\\n# still a"), (Properties{{"a", "# still a"}}));
}

TEST(LoadProperties, Unescapes) {
  EXPECT_EQ(load_properties(R"(a\ b\:c=\ x\ty\u20ac\q)"), (Properties{{"a b:c", " x\ty€q"}}));
  EXPECT_EQ(load_properties(R"(a=\ud83d\ude00)"), (Properties{{"a", "😀"}}));
  EXPECT_EQ(load_properties(R"(a=\ud83d!)"), (Properties{{"a", "\xef\xbf\xbd!"}}));
}

TEST(LoadProperties, TheLastValueStands) { EXPECT_EQ(load_properties("a=1\na=2"), (Properties{{"a", "2"}})); }

TEST(LoadProperties, RefusesHalfAnEscape) {
  for (const auto* text : {"a=\\u12", "a=\\u", "a=\\u12g4", "a=\\u-123", "a=\\ud83d\\u12"})
    EXPECT_THROW(load_properties(text), Error) << text;
}

TEST(LoadProperties, ReadsWhatStoreWrote) {
  const Properties properties = {{"spark.x", " a#b!c:d=e\t\\ü€😀 \n"}, {" k=", ":"}, {"", ""}};
  EXPECT_EQ(load_properties(store_properties(properties, "c", Time())), properties);
}

TEST(LoadSparkProperties, TrimsValues) {
  EXPECT_EQ(load_spark_properties("spark.a  x y \t\nspark.b=\\n 1 \\n"),
            (Properties{{"spark.a", "x y"}, {"spark.b", "\n 1 \n"}}));
}

}  // namespace
}  // namespace spoke::spark
