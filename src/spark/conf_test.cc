#include "spark/conf.h"

#include <gtest/gtest.h>

namespace spoke::spark {
namespace {

std::string why(const auto& read) {
  try {
    read();
  } catch (const InvalidConf& e) {
    return e.what();
  }
  return "";
}

TEST(Conf, ReadsFamiliesByPrefix) {
  const Conf conf(Properties{{"spark.a.x", "1"}, {"spark.a.y.z", "2"}, {"spark.ab", "3"}});
  EXPECT_EQ(conf.with_prefix("spark.a."), (Properties{{"x", "1"}, {"y.z", "2"}}));
  EXPECT_EQ(conf.with_prefix("spark.b."), Properties());
}

TEST(Conf, ReplacesReferencesInTypedReadsOnly) {
  const Conf conf(Properties{{"spark.name", "${spark.who}-${env:HOST}"}, {"spark.who", "me"}}, {{"HOST", "h"}});
  EXPECT_EQ(conf.text("spark.name"), "me-h");
  EXPECT_EQ(conf.raw("spark.name"), "${spark.who}-${env:HOST}");
}

TEST(Conf, LeavesReferencesToWhatIsNotThere) {
  const Conf conf(Properties{{"spark.x", "${spark.none} ${env:NONE} ${system:user.name} ${ $x ${"}});
  EXPECT_EQ(conf.text("spark.x"), "${spark.none} ${env:NONE} ${system:user.name} ${ $x ${");
}

TEST(Conf, RefusesReferencesInACircle) {
  const Conf conf(Properties{{"spark.a", "${spark.b}"}, {"spark.b", "${spark.a}"}});
  EXPECT_NE(why([&] { conf.text("spark.a"); }).find("Circular reference in ${spark.a}"), std::string::npos);
}

TEST(Conf, ReadsFlags) {
  const Conf conf(Properties{{"spark.yes", " TRUE "}, {"spark.no", "false"}, {"spark.maybe", "maybe"}});
  EXPECT_TRUE(conf.flag("spark.yes", false));
  EXPECT_FALSE(conf.flag("spark.no", true));
  EXPECT_TRUE(conf.flag("spark.unset", true));
  EXPECT_EQ(why([&] { conf.flag("spark.maybe", false); }),
            "[INVALID_CONF_VALUE.TYPE_MISMATCH] The value 'maybe' in the config \"spark.maybe\" is invalid. It should "
            "be a/an "
            "'boolean' value. SQLSTATE: 22022");
}

TEST(Conf, ReadsNumbers) {
  const Conf conf(Properties{{"spark.i", " 7 "}, {"spark.big", "2147483648"}, {"spark.d", ".5f"}, {"spark.x", "7x"}});
  EXPECT_EQ(conf.integer("spark.i", 0), 7);
  EXPECT_EQ(conf.integer("spark.unset", 3), 3);
  EXPECT_EQ(conf.number("spark.d", 0), 0.5);
  EXPECT_EQ(conf.bytes("spark.big", 0), 2147483648);
  EXPECT_THROW(conf.integer("spark.big", 0), InvalidConf);
  EXPECT_THROW(conf.integer("spark.x", 0), InvalidConf);
  for (const auto* text : {"", "x", "nan", "inf", "Infinity", "0x1p3", "1e999", "1..2", "f", "--1"})
    EXPECT_THROW(Conf(Properties{{"spark.d", text}}).number("spark.d", 0), InvalidConf) << text;
}

TEST(Conf, ReadsPlainIntegersInJavasWords) {
  const Conf conf(Properties{{"spark.driver.port", "x"}, {"spark.n", "5"}});
  EXPECT_EQ(conf.plain_integer("spark.n", 0), 5);
  EXPECT_EQ(why([&] { conf.plain_integer("spark.driver.port", 0); }),
            "Illegal value for config key spark.driver.port: For input string: \"x\"");
}

TEST(Conf, ReadsLists) {
  const Conf conf(Properties{{"spark.l", " a , ,b,"}, {"spark.empty", ""}});
  EXPECT_EQ(conf.list("spark.l"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(conf.list("spark.empty").empty());
  EXPECT_TRUE(conf.list("spark.unset").empty());
}

TEST(Conf, ReadsOneOfSeveralWords) {
  const Conf conf(Properties{{"spark.policy", "Sometimes"}});
  EXPECT_EQ(conf.one_of("spark.unset", {"A", "B"}, "B"), "B");
  EXPECT_EQ(why([&] { conf.one_of("spark.policy", {"Always", "Never"}, "Never"); }),
            "[INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS] The value 'Sometimes' in the config \"spark.policy\" is "
            "invalid. It "
            "should be one of 'Always, Never'. SQLSTATE: 22022");
}

TEST(Conf, KnowsOlderNames) {
  EXPECT_EQ(Conf(Properties{{"spark.yarn.keytab", "k"}}).raw("spark.kerberos.keytab"), "k");
  EXPECT_EQ(Conf(Properties{{"spark.yarn.keytab", "k"}, {"spark.kerberos.keytab", "n"}}).raw("spark.kerberos.keytab"),
            "n");
}

TEST(InvalidConf, AlwaysNamesTheProperty) {
  EXPECT_STREQ(InvalidConf("spark.x", "it is odd").what(), "spark.x: it is odd");
  EXPECT_STREQ(InvalidConf("spark.x", "spark.x is odd").what(), "spark.x is odd");
  EXPECT_EQ(InvalidConf("spark.x", "it is odd").property(), "spark.x");
}

}  // namespace
}  // namespace spoke::spark
