#include "spark/memory.h"

#include <gtest/gtest.h>

#include "spark/conf.h"

namespace spoke::spark {
namespace {

TEST(ParseMemory, TakesJavasSuffixesInAnyCase) {
  EXPECT_EQ(parse_memory("512m", Unit::Mebibytes, false), 512);
  EXPECT_EQ(parse_memory("2G", Unit::Mebibytes, false), 2048);
  EXPECT_EQ(parse_memory("2gb", Unit::Mebibytes, false), 2048);
  EXPECT_EQ(parse_memory("1t", Unit::Mebibytes, false), 1024 * 1024);
  EXPECT_EQ(parse_memory("1p", Unit::Mebibytes, false), 1024LL * 1024 * 1024);
  EXPECT_EQ(parse_memory("1048576b", Unit::Mebibytes, false), 1);
  EXPECT_EQ(parse_memory(" 3k ", Unit::Bytes, false), 3072);
}

TEST(ParseMemory, TakesAPlainNumberInTheUnitAskedFor) {
  EXPECT_EQ(parse_memory("1500", Unit::Mebibytes, false), 1500);
  EXPECT_EQ(parse_memory("1500", Unit::Bytes, false), 1500);
}

TEST(ParseMemory, RoundsDown) { EXPECT_EQ(parse_memory("1536k", Unit::Mebibytes, false), 1); }

TEST(ParseMemory, TakesIecSuffixesWhereSparkDoes) {
  EXPECT_EQ(parse_memory("1gib", Unit::Mebibytes, true), 1024);
  EXPECT_EQ(parse_memory("1gib", Unit::Mebibytes, false), std::nullopt);
}

TEST(ParseMemory, RefusesWhatIsNoAmount) {
  for (const auto text : {"", " ", "g", "lots", "-1g", "0.5g", "1 g", "1x", "1bb", "1bib", "1gg", "1g2", "+1g",
                          "99999999999999999999", "9223372036854775807g"})
    EXPECT_EQ(parse_memory(text, Unit::Bytes, true), std::nullopt) << text;
}

TEST(JavaText, WritesADoubleAsJavaDoes) {
  EXPECT_EQ(java_text(0.1), "0.1");
  EXPECT_EQ(java_text(0.4), "0.4");
  EXPECT_EQ(java_text(2), "2.0");
  EXPECT_EQ(java_text(0), "0.0");
  EXPECT_EQ(java_text(0.001), "0.001");
  EXPECT_EQ(java_text(0.0001), "1.0E-4");
  EXPECT_EQ(java_text(12345678), "1.2345678E7");
  EXPECT_EQ(java_text(1e300), "1.0E300");
  EXPECT_EQ(java_text(-1), "-1.0");
}

struct DriverMemoryCase {
  const char* what;
  Properties properties;
  bool jvm;
  std::int64_t total;
  double inherited;
};

TEST(DriverMemory, AddsTheOverhead) {
  const Rules rules = rules_for("4.1.4");
  const DriverMemoryCase cases[] = {
      {"the defaults of a JVM", {}, true, 1024 + 384, 0.1},
      {"the defaults of Python", {}, false, 1024 + 409, 0.4},
      {"Python, cut towards zero", {{"spark.driver.memory", "2g"}}, false, 2048 + 819, 0.4},
      {"a given overhead",
       {{"spark.driver.memory", "4g"}, {"spark.driver.memoryOverhead", "777m"}},
       true,
       4096 + 777,
       0.1},
      {"no overhead", {{"spark.driver.memoryOverhead", "0"}}, true, 1024, 0.1},
      {"the older name", {{"spark.yarn.driver.memoryOverhead", "500"}}, true, 1024 + 500, 0.1},
      {"the driver's factor, which executors do not inherit",
       {{"spark.driver.memory", "10g"}, {"spark.driver.memoryOverheadFactor", "0.25"}},
       true,
       10240 + 2560,
       0.1},
      {"Kubernetes' factor",
       {{"spark.driver.memory", "10g"}, {"spark.kubernetes.memoryOverheadFactor", "0.3"}},
       true,
       10240 + 3072,
       0.3},
      {"Kubernetes' factor for Python too",
       {{"spark.driver.memory", "10g"}, {"spark.kubernetes.memoryOverheadFactor", "0.3"}},
       false,
       10240 + 3072,
       0.3},
      {"the driver's factor before Kubernetes'",
       {{"spark.driver.memory", "10g"},
        {"spark.driver.memoryOverheadFactor", "0.2"},
        {"spark.kubernetes.memoryOverheadFactor", "0.3"}},
       true,
       10240 + 2048,
       0.3},
      {"a least overhead", {{"spark.driver.minMemoryOverhead", "500m"}}, true, 1024 + 500, 0.1},
      {"the larger of factor and least overhead",
       {{"spark.driver.memory", "5000m"},
        {"spark.driver.minMemoryOverhead", "500m"},
        {"spark.driver.memoryOverheadFactor", "0.12"}},
       true,
       5000 + 600,
       0.1},
  };
  for (const auto& c : cases) {
    const DriverMemory memory = driver_memory(Conf(c.properties), rules, c.jvm);
    EXPECT_EQ(memory.total_mib(), c.total) << c.what;
    EXPECT_EQ(memory.default_factor, c.inherited) << c.what;
  }
}

TEST(DriverMemory, HasNoLeastOverheadBeforeSpark4) {
  const Conf conf(Properties{{"spark.driver.minMemoryOverhead", "500m"}});
  EXPECT_EQ(driver_memory(conf, rules_for("3.5.8"), true).total_mib(), 1024 + 384);
}

TEST(DriverMemory, RefusesFactorsThatMeanNothing) {
  const Rules rules = rules_for("4.1");
  EXPECT_THROW(driver_memory(Conf(Properties{{"spark.driver.memoryOverheadFactor", "0"}}), rules, true), InvalidConf);
  EXPECT_THROW(driver_memory(Conf(Properties{{"spark.kubernetes.memoryOverheadFactor", "-1"}}), rules, true),
               InvalidConf);
  EXPECT_THROW(driver_memory(Conf(Properties{{"spark.kubernetes.memoryOverheadFactor", "nan"}}), rules, true),
               InvalidConf);
  EXPECT_NO_THROW(driver_memory(Conf(Properties{{"spark.kubernetes.memoryOverheadFactor", "0"}}), rules, true));
}

TEST(DriverMemory, DoesNotOverflow) {
  const Conf conf(Properties{{"spark.driver.memory", "8000000000g"}, {"spark.driver.memoryOverheadFactor", "1e300"}});
  EXPECT_EQ(driver_memory(conf, rules_for("4.1"), true).overhead_mib, 2147483647);
}

}  // namespace
}  // namespace spoke::spark
