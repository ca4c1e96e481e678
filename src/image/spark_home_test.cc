#include "image/spark_home.h"

#include <gtest/gtest.h>

#include "image/test_machine.h"

namespace spoke::image {
namespace {

class SparkHomeTest : public testing::Test {
 protected:
  std::vector<std::string> found(const std::vector<Path>& extra = {}) const {
    std::vector<std::string> versions;
    for (const SparkHome& home : find_spark_homes(made_.machine(), extra)) versions.push_back(home.version);
    return versions;
  }
  test::MadeUpMachine made_;
};

using Versions = std::vector<std::string>;

TEST_F(SparkHomeTest, TheVersionIsInTheNameOfTheCoreJar) {
  made_.put_spark("/opt/a", "3.5.8", "2.12");
  const auto home = inspect_spark_home(made_.at("/opt/a"));
  ASSERT_TRUE(home);
  EXPECT_EQ(home->version, "3.5.8");
  EXPECT_EQ(home->scala, "2.12");
  made_.put("/opt/b/jars/spark-core_2.13-4.1.4-tests.jar");
  made_.put("/opt/b/jars/spark-core_2.13.jar");
  EXPECT_FALSE(inspect_spark_home(made_.at("/opt/b")));
  made_.put("/opt/b/jars/spark-core_2.13-4.2.0-preview1.jar");
  EXPECT_EQ(inspect_spark_home(made_.at("/opt/b"))->version, "4.2.0-preview1");
  EXPECT_FALSE(inspect_spark_home(made_.at("/opt/absent")));
}

TEST_F(SparkHomeTest, SparkHomeOfTheEnvironmentComesFirst) {
  made_.put_spark("/opt/spark", "4.1.4");
  made_.put_spark("/data/spoke-spark/3.5.8", "3.5.8");
  EXPECT_EQ(found(), Versions{});
  made_.env["XDG_DATA_HOME"] = "/data";
  EXPECT_EQ(found(), Versions{"3.5.8"});
  made_.env["SPARK_HOME"] = "/opt/spark";
  EXPECT_EQ(found(), (Versions{"4.1.4", "3.5.8"}));
}

TEST_F(SparkHomeTest, WhatSetupPutIntoTheHomeFolder) {
  made_.put_spark("/home/u/.local/share/spoke-spark/4.1.4", "4.1.4");
  made_.put_spark("/home/u/.local/share/spoke-spark/.partial-4.1.5", "4.1.5");
  made_.put("/etc/passwd", "root:x:0:0::/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n");
  made_.env["HOME"] = "/root";
  EXPECT_EQ(found(), Versions{});
  made_.env["SUDO_USER"] = "u";
  EXPECT_EQ(found(), Versions{"4.1.4"}) << "sudo spoke up, after scripts/setup spark";
  made_.env = {{"SPOKE_SPARK", "/home/u/.local/share/spoke-spark"}};
  EXPECT_EQ(found(), Versions{"4.1.4"});
}

TEST_F(SparkHomeTest, AGivenFolderIsAHomeOrHoldsHomes) {
  made_.put_spark("/srv/one", "4.1.4");
  made_.put_spark("/srv/many/x", "3.5.8");
  made_.put_spark("/srv/many/y", "4.0.1");
  EXPECT_EQ(found({made_.at("/srv/one")}), Versions{"4.1.4"});
  EXPECT_EQ(found({made_.at("/srv/many")}), (Versions{"3.5.8", "4.0.1"}));
}

TEST_F(SparkHomeTest, PipsPackagesAreHomes) {
  made_.put_pyspark("/usr/local/lib/python3.11/dist-packages/pyspark", "4.0.1");
  made_.put_pyspark("/venv/lib/python3.12/site-packages/pyspark", "4.1.4");
  made_.put_pyspark("/home/u/.local/lib/python3.11/site-packages/pyspark", "3.5.8");
  EXPECT_EQ(found(), Versions{"4.0.1"});
  made_.env = {{"VIRTUAL_ENV", "/venv"}, {"HOME", "/home/u"}};
  EXPECT_EQ(found(), (Versions{"4.1.4", "3.5.8", "4.0.1"}));
}

TEST_F(SparkHomeTest, ThePythonOnPathTellsItsPackages) {
  made_.put("/opt/py/bin/python3.13", "", 0755);
  made_.put_pyspark("/opt/py/lib/python3.13/site-packages/pyspark", "4.1.4");
  made_.link("/venv/bin/python3", made_.at("/opt/py/bin/python3.13"));
  made_.put_pyspark("/venv/lib/python3.13/site-packages/pyspark", "4.0.1");
  made_.env["PATH"] = "relative:/nowhere:/venv/bin";
  EXPECT_EQ(found(), (Versions{"4.0.1", "4.1.4"})) << "the environment's own, then the interpreter's";
}

TEST_F(SparkHomeTest, PyenvsShimLeadsToItsVersions) {
  made_.put("/home/u/.pyenv/shims/python3", "#!/bin/sh", 0755);
  made_.put_pyspark("/home/u/.pyenv/versions/3.12.1/lib/python3.12/site-packages/pyspark", "4.1.4");
  made_.env["PATH"] = "/home/u/.pyenv/shims";
  EXPECT_EQ(found(), Versions{"4.1.4"});
}

TEST_F(SparkHomeTest, ThePartThatIsPythonsInBothLayouts) {
  made_.put_spark("/opt/spark", "4.1.4");
  made_.put_pyspark("/venv/lib/python3.12/site-packages/pyspark", "4.1.4");
  const SparkHome own = *inspect_spark_home(made_.at("/opt/spark"));
  EXPECT_EQ(own.python_sources(), own.dir / "python/pyspark");
  const SparkHome pip = *inspect_spark_home(made_.at("/venv/lib/python3.12/site-packages/pyspark"));
  EXPECT_EQ(pip.python_sources(), pip.dir);
  EXPECT_EQ(pip.python_archives(), pip.dir / "python/lib");
}

TEST(SparkVersion, ByNumbersAndAPreviewFirst) {
  const Versions sorted = {"3.5.8", "3.10.0", "4.1.4", "4.2.0-preview1", "4.2.0-preview10", "4.2.0"};
  for (size_t i = 0; i < sorted.size(); ++i)
    for (size_t j = 0; j < sorted.size(); ++j) EXPECT_EQ(version_less(sorted[i], sorted[j]), i < j) << i << " " << j;
}

TEST(SparkTag, AsApachesImagesHaveThem) {
  EXPECT_EQ(parse_spark_tag("4.1.4")->version, "4.1.4");
  EXPECT_EQ(parse_spark_tag("latest")->version, "");
  EXPECT_EQ(parse_spark_tag("python3")->version, "");
  EXPECT_FALSE(parse_spark_tag("4.1.4-preview/etc"));  // becomes part of a path
  EXPECT_EQ(parse_spark_tag("4.2.0-preview2-java21")->version, "4.2.0-preview2");
  const auto full = parse_spark_tag("3.5.8-scala2.12-java11-python3-ubuntu");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->version, "3.5.8");
  EXPECT_EQ(full->scala, "2.12");
  EXPECT_EQ(full->java, 11);
  for (const char* bad : {"4.1", "four", "4.1.4-r", "4.1.4-alpine", "4.1.4-java", "", "-", "4.1.4.5", "4.1.-4"})
    EXPECT_FALSE(parse_spark_tag(bad)) << bad;
}

TEST(SparkTag, ChoosesTheFirstThatFitsOrTheNewest) {
  const std::vector<SparkHome> homes = {{"/a", "3.5.8", "2.12"},
                                        {"/b", "4.1.4", "2.13"},
                                        {"/c", "4.1.4", "2.13"},
                                        {"/d", "4.0.1", "2.13"},
                                        {"/e", "3.5.8", "2.13"}};
  const auto chosen = [&](const char* tag) {
    const auto home = choose_spark(homes, *parse_spark_tag(tag));
    return home ? home->dir.string() : "";
  };
  EXPECT_EQ(chosen("latest"), "/b");
  EXPECT_EQ(chosen("4.1.4"), "/b");
  EXPECT_EQ(chosen("3.5.8"), "/a");
  EXPECT_EQ(chosen("3.5.8-scala2.13"), "/e");
  EXPECT_EQ(chosen("scala2.12"), "/a");
  EXPECT_EQ(chosen("4.0.2"), "");
}

}  // namespace
}  // namespace spoke::image
