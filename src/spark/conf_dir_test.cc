#include "spark/conf_dir.h"

#include <gtest/gtest.h>

namespace spoke::spark {
namespace {

std::vector<std::string> names(const Properties& files) {
  std::vector<std::string> out;
  for (const auto& [name, content] : files) out.push_back(name);
  return out;
}

TEST(SelectConfFiles, TakesConfigurationAndLeavesTheRest) {
  Properties files;
  for (const auto* name : {"spark-env.sh", "log4j2.properties", "metrics.properties", "sample.conf", "x_test",
                           "core-site.xml", "spark-defaults.conf", "spark.properties", "sparkconf",
                           "log4j2.properties.template", "a.gz", "a.zip", "a.jar", "a.tar"})
    files[name] = "x";
  std::vector<std::string> warnings;
  EXPECT_EQ(names(select_conf_files(files, 1000, warnings)),
            (std::vector<std::string>{"core-site.xml", "log4j2.properties", "metrics.properties", "sample.conf",
                                      "spark-env.sh", "x_test"}));
  EXPECT_TRUE(warnings.empty());
}

TEST(SelectConfFiles, TakesTheSmallestFirstAndStaysBelowTheLimit) {
  const Properties files = {{"a", std::string(20, 'x')},
                            {"b", std::string(10, 'y')},
                            {"c", std::string(80, 'y')},
                            {"d", std::string(40, 'z')}};
  std::vector<std::string> warnings;
  EXPECT_EQ(names(select_conf_files(files, 60, warnings)), (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("Skipped conf file(s) c,d, due to size constraint"), std::string::npos);
}

TEST(SelectConfFiles, BreaksTiesByName) {
  const Properties files = {{"c", "12"}, {"a", "12"}, {"b", "12"}};
  std::vector<std::string> warnings;
  EXPECT_EQ(names(select_conf_files(files, 7, warnings)), (std::vector<std::string>{"a", "b"}));
}

TEST(SelectConfFiles, SkipsWhatIsNotUtf8) {
  std::vector<std::string> warnings;
  const Properties files = {
      {"bad", "\xff\xfe"}, {"good", "ü"}, {"half", "\xc3"}, {"long", "\xc0\x80"}, {"sur", "\xed\xa0\x80"}};
  EXPECT_EQ(names(select_conf_files(files, 1000, warnings)), (std::vector<std::string>{"good"}));
  EXPECT_EQ(warnings.size(), 4U);
}

TEST(DecodeUtf8, ReplacesWhatIsMalformed) {
  EXPECT_EQ(decode_utf8("a\xff"
                        "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(decode_utf8("ü€😀"), "ü€😀");
  EXPECT_EQ(decode_utf8("\xf0\x9f"), "\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace spoke::spark
