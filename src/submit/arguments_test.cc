#include "submit/arguments.h"

#include <gtest/gtest.h>

namespace spoke::submit {
namespace {

using Words = std::vector<std::string>;

std::string why(const Words& words) {
  try {
    parse_arguments(words);
  } catch (const BadArguments& e) {
    return e.what();
  }
  return "";
}

TEST(Arguments, EverythingAfterTheResourceIsTheApplications) {
  const auto a = parse_arguments({"--class", "A", "app.jar", "--name", "x", "--", "-v", ""});
  EXPECT_EQ(a.main_class, "A");
  EXPECT_EQ(a.resource, "app.jar");
  EXPECT_EQ(a.args, (Words{"--name", "x", "--", "-v", ""}));
  EXPECT_FALSE(a.verbose);
}

TEST(Arguments, ValuesStandBehindABlankOrAnEqualsSign) {
  const auto a =
      parse_arguments({"--name=a=b", "--conf=spark.x=1=2", "-c", "spark.y= z ", "--py-files", "-dash", "app.py"});
  EXPECT_EQ(a.named.at("spark.app.name"), "a=b");
  EXPECT_EQ(a.conf.at("spark.x"), "1=2");
  EXPECT_EQ(a.conf.at("spark.y"), " z ");
  EXPECT_EQ(a.named.at("spark.submit.pyFiles"), "-dash");
}

TEST(Arguments, OfAPropertyByTwoNamesTheLastCountsWhereTheLauncherRewritesIt) {
  const auto last_conf = parse_arguments({"--driver-memory", "1g", "--conf", "spark.driver.memory=2g", "a.jar"});
  EXPECT_EQ(last_conf.conf.at("spark.driver.memory"), "2g");
  const auto last_option = parse_arguments({"--conf", "spark.driver.memory=2g", "--driver-memory", "1g", "a.jar"});
  EXPECT_EQ(last_option.conf.at("spark.driver.memory"), "1g");
  const auto named = parse_arguments({"--executor-memory", "1g", "--conf", "spark.executor.memory=2g", "a.jar"});
  EXPECT_EQ(named.named.at("spark.executor.memory"), "1g");
  EXPECT_EQ(named.conf.at("spark.executor.memory"), "2g");
}

TEST(Arguments, RefusesInTheLaunchersWords) {
  EXPECT_EQ(why({"--bogus=1", "a.jar"}), "Unrecognized option: --bogus");
  EXPECT_EQ(why({"--name=", "a.jar"}), "Unrecognized option: --name=");
  EXPECT_EQ(why({"--", "a.jar"}), "Unrecognized option: --");
  EXPECT_EQ(why({"--name"}), "Missing argument for option '--name'.");
  EXPECT_EQ(why({"--class", "A"}), "Missing application resource.");
  EXPECT_EQ(why({"--conf", "spark.x", "a.jar"}), "Invalid argument to --conf: spark.x");
  EXPECT_EQ(why({"--deploy-mode", "Cluster", "a.jar"}), R"(--deploy-mode must be either "client" or "cluster")");
  EXPECT_EQ(why({"--kill", "a", "--status", "b"}), "Action cannot be both KILL and REQUEST_STATUS.");
}

TEST(Arguments, ASwitchTakesNoValueAndIgnoresOne) {
  EXPECT_TRUE(parse_arguments({"--verbose=false", "a.jar"}).verbose);
  EXPECT_TRUE(parse_arguments({"--load-spark-defaults", "a.jar"}).load_spark_defaults);
}

TEST(Arguments, WhatIsSpokesOwnDoesNotReachSparkSubmit) {
  const auto a = parse_arguments({"--jvm", "--name", "x", "--dry-run=server", "--spark-version", "4.1.4", "--follow",
                                  "--exit-code=spark", "-n", "ns", "--deploy-mode=client", "a.jar", "--jvm"});
  EXPECT_TRUE(a.jvm && a.follow && a.spark_exit_code);
  EXPECT_EQ(a.dry_run, DryRun::Server);
  EXPECT_EQ(a.spark_version, "4.1.4");
  EXPECT_EQ(a.ns, "ns");
  EXPECT_EQ(a.for_spark, (Words{"--name", "x", "--deploy-mode=client", "a.jar", "--jvm"}));
  EXPECT_EQ(parse_arguments({"--dry-run", "a.jar"}).dry_run, DryRun::Client);
  EXPECT_NE(why({"--dry-run=no", "a.jar"}), "");
  EXPECT_NE(why({"--exit-code", "0", "a.jar"}), "");
}

TEST(Arguments, ActionsNeedNoResource) {
  const auto kill = parse_arguments({"--master", "k8s://h", "--kill", "ns:pod*"});
  EXPECT_EQ(kill.action, Action::Kill);
  EXPECT_EQ(kill.submission_id, "ns:pod*");
  EXPECT_EQ(parse_arguments({"--version"}).action, Action::Version);
  EXPECT_EQ(parse_arguments({"-h"}).action, Action::Help);
}

TEST(Arguments, ServersTakeTheirOwnArgumentsAmongSparkSubmits) {
  const auto a = parse_arguments(
      {"--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--own", "x", "--name", "n"});
  EXPECT_EQ(a.resource, "spark-internal");
  EXPECT_EQ(a.args, (Words{"--own", "x"}));
  EXPECT_EQ(a.named.at("spark.app.name"), "n");
}

}  // namespace
}  // namespace spoke::submit
