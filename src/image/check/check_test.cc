#include "image/check/check.h"

#include <gtest/gtest.h>

namespace spoke::image {
namespace {

using From = JarFact::From;

JarFact jar(const std::string& group, const std::string& name, const std::string& version, From from = From::Maven) {
  return {group, name, version, from, from == From::Maven};
}

// Spark 4.1.4 as it is.
ImageFacts spark() {
  return {
      .spark = "4.1.4",
      .scala = "2.13",
      .java = 17,
      .python = "3.11",
      .jars = {jar("", "spark-core_2.13", "4.1.4", From::Spark), jar("", "hadoop-client-api", "3.4.2", From::Spark),
               jar("", "jackson-databind", "2.20.0", From::Spark), jar("", "netty-all", "4.2.7.Final", From::Spark)}};
}

// "rule subject" of each finding.
std::vector<std::string> found(const ImageFacts& facts) {
  std::vector<std::string> out;
  for (const Finding& finding : check(facts)) {
    EXPECT_FALSE(finding.problem.empty());
    EXPECT_FALSE(finding.remedy.empty());
    out.push_back(finding.rule + " " + finding.subject);
  }
  return out;
}

std::vector<std::string> found_with(JarFact one) {
  ImageFacts facts = spark();
  facts.jars.push_back(std::move(one));
  return found(facts);
}

using Lines = std::vector<std::string>;

TEST(JarName, TellsNameAndVersion) {
  const auto parts = [](std::string_view file) {
    const JarFact fact = read_jar_name(file);
    return fact.name + " " + fact.version;
  };
  EXPECT_EQ(parts("spark-core_2.13-4.1.4.jar"), "spark-core_2.13 4.1.4");
  EXPECT_EQ(parts("log4j-1.2-api-2.24.3.jar"), "log4j-1.2-api 2.24.3");
  EXPECT_EQ(parts("guava-33.4.8-jre.jar"), "guava 33.4.8");
  EXPECT_EQ(parts("netty-transport-native-epoll-4.2.7.Final-linux-x86_64.jar"),
            "netty-transport-native-epoll 4.2.7.Final");
  EXPECT_EQ(parts("azure-cosmos-spark_3-5_2-12-4.42.0.jar"), "azure-cosmos-spark_3-5_2-12 4.42.0");
  EXPECT_EQ(parts("iceberg-spark-runtime-3.5_2.12-1.10.0.jar"), "iceberg-spark-runtime-3.5_2.12 1.10.0");
  EXPECT_EQ(parts("gcs-connector-hadoop3-2.2.26-shaded.jar"), "gcs-connector-hadoop3 2.2.26");
  EXPECT_EQ(parts("jsr305-3.0.0.jar"), "jsr305 3.0.0");
  EXPECT_EQ(parts("spark-core_2.12-3.5.8-amzn-1.jar"), "spark-core_2.12 3.5.8") << "a vendor's";
  EXPECT_EQ(parts("javax.inject-1.jar"), "javax.inject 1");
  EXPECT_EQ(parts("out.jar"), "out ");
  EXPECT_EQ(parts(""), " ");
}

TEST(JarName, TellsScalaAndSpark) {
  EXPECT_EQ(scala_suffix("delta-spark_2.13")->scala, "2.13");
  EXPECT_EQ(scala_suffix("azure-cosmos-spark_3-5_2-12")->scala, "2.12");
  EXPECT_EQ(scala_suffix("azure-cosmos-spark_3-5_2-12")->bare, "azure-cosmos-spark_3-5");
  EXPECT_FALSE(scala_suffix("hadoop-aws"));
  EXPECT_FALSE(scala_suffix("_2.13x"));
  EXPECT_EQ(spark_line("azure-cosmos-spark_3-5_2-12"), "3.5");
  EXPECT_EQ(spark_line("iceberg-spark-runtime-4.0_2.13"), "4.0");
  EXPECT_EQ(spark_line("hudi-spark3.5-bundle_2.12"), "3.5");
  EXPECT_EQ(spark_line("spark-3.5-bigquery"), "3.5");
  EXPECT_EQ(spark_line("spark-core_2.13"), "") << "that is Scala's";
  EXPECT_EQ(spark_line("spark-bigquery-with-dependencies_2.12"), "");
  EXPECT_EQ(spark_line("log4j-1.2-api"), "");
  EXPECT_EQ(spark_line("spark-sql-kafka-0-10_2.13"), "") << "that is Kafka's";
}

TEST(Check, WhatFitsHasNoFindings) {
  EXPECT_EQ(found(spark()), Lines{});
  EXPECT_EQ(found_with(jar("org.apache.hadoop", "hadoop-aws", "3.4.2")), Lines{});
  EXPECT_EQ(found_with(jar("io.delta", "delta-spark_2.13", "4.0.0")), Lines{});
  EXPECT_EQ(found_with(jar("org.apache.iceberg", "iceberg-spark-runtime-4.1_2.13", "1.11.0")), Lines{});
  EXPECT_EQ(found_with(jar("org.apache.hadoop.thirdparty", "hadoop-shaded-guava", "1.4.0")), Lines{});
  EXPECT_EQ(found_with(jar("", "out", "", From::Jars)), Lines{});
  EXPECT_EQ(found({}), Lines{}) << "an image without Spark";
}

TEST(Check, FindsAnotherScala) {
  EXPECT_EQ(found_with(jar("io.delta", "delta-spark_2.12", "3.3.0")), Lines{"scala io.delta:delta-spark_2.12:3.3.0"});
  EXPECT_EQ(found_with(jar("", "app_2.12", "1.0", From::Jars)), Lines{"scala app_2.12:1.0"})
      << "one's own, by its name";
}

TEST(Check, FindsAnotherHadoop) {
  EXPECT_EQ(found_with(jar("org.apache.hadoop", "hadoop-azure", "3.3.4")),
            Lines{"hadoop org.apache.hadoop:hadoop-azure:3.3.4"});
  EXPECT_EQ(found_with(jar("", "hadoop-aws", "3.3.6", From::Jars)), Lines{"hadoop hadoop-aws:3.3.6"});
}

TEST(Check, FindsAConnectorOfAnotherSpark) {
  EXPECT_EQ(found_with(jar("org.apache.iceberg", "iceberg-spark-runtime-3.5_2.13", "1.10.0")),
            Lines{"spark-line org.apache.iceberg:iceberg-spark-runtime-3.5_2.13:1.10.0"});
  EXPECT_EQ(found_with(jar("org.apache.spark", "spark-sql-kafka-0-10_2.13", "4.1.4")), Lines{});
  EXPECT_EQ(found_with(jar("org.apache.spark", "spark-sql-kafka-0-10_2.13", "4.0.0")),
            Lines{"spark-line org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0"});
}

TEST(Check, FindsWhatIsThereTwice) {
  EXPECT_EQ(found_with(jar("com.fasterxml.jackson.core", "jackson-databind", "2.15.2")),
            Lines{"twice com.fasterxml.jackson.core:jackson-databind:2.15.2"});
  JarFact needed = jar("com.fasterxml.jackson.core", "jackson-databind", "2.15.2");
  needed.asked_for = false;
  EXPECT_EQ(found_with(needed), Lines{}) << "the build leaves it out";
  ImageFacts facts = spark();
  facts.jars.push_back(jar("a", "x", "1"));
  facts.jars.push_back(jar("", "x", "2", From::Jars));
  EXPECT_EQ(found(facts), Lines{"twice x:2"});
}

TEST(Check, FindsWhatIsNeededAndNotThere) {
  ImageFacts facts = spark();
  const std::string of = "org.apache.hadoop:hadoop-aws:3.4.2";
  facts.jars.push_back(jar("org.apache.hadoop", "hadoop-aws", "3.4.2"));
  facts.needs = {{of, "software.amazon.awssdk", "bundle", "2.29.52"}, {of, "", "jackson-databind", "2.12.7"}};
  EXPECT_EQ(found(facts), Lines{"needs " + of});
  EXPECT_NE(check(facts).at(0).problem.find("bundle"), std::string::npos);
  EXPECT_EQ(check(facts).at(0).problem.find("jackson"), std::string::npos) << "Spark ships it";
  facts.jars.push_back(jar("software.amazon.awssdk", "bundle", "2.29.52"));
  EXPECT_EQ(found(facts), Lines{});
}

TEST(Check, FindsAnotherJavaOrPython) {
  ImageFacts facts = spark();
  facts.java = 11;
  facts.python = "3.9";
  EXPECT_EQ(found(facts), (Lines{"java java 11", "python python 3.9"}));
  facts.java = 21;
  facts.python = "3.14";
  EXPECT_EQ(found(facts), Lines{});
}

TEST(CheckPair, DriverAndExecutorsHaveTheSame) {
  ImageFacts driver = spark(), executor = spark();
  driver.python_packages = executor.python_packages = {{"numpy", "2.3.5"}, {"six", "1.17.0"}};
  const auto subjects = [&] {
    Lines out;
    for (const Finding& finding : check_pair(driver, executor)) out.push_back(finding.subject);
    return out;
  };
  EXPECT_EQ(subjects(), Lines{});
  executor.python_packages = {{"numpy", "1.26.4"}, {"pip", "25"}};
  EXPECT_EQ(subjects(), (Lines{"numpy 1.26.4", "six"})) << "what executors have more of is no harm";
  driver.python_packages["pip"] = "24";
  executor.python_packages = {{"numpy", "2.3.5"}, {"six", "1.17.0"}, {"pip", "25"}};
  EXPECT_EQ(subjects(), Lines{}) << "what installs others is imported by nobody";
  executor = driver;
  executor.python = "3.12";
  executor.java = 21;
  executor.spark = "4.1.3";
  EXPECT_EQ(subjects(), (Lines{"Spark 4.1.3", "Python 3.12", "Java 21"}));
  executor.python_packages.clear();
  executor.python = executor.spark = "";
  executor.java = 0;
  EXPECT_EQ(subjects(), Lines{}) << "what is not known is not wrong";
}

}  // namespace
}  // namespace spoke::image
