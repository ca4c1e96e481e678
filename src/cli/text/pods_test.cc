#include "cli/text/pods.h"

#include <gtest/gtest.h>

#include "data/yaml.h"

namespace spoke::cli {
namespace {

Object driver(const std::string& status) {
  return yaml::parse("{metadata: {name: d, labels: {spark-role: driver}}, status: " + status + "}");
}

TEST(Pods, StatusIsTheReasonWhereThereIsOne) {
  EXPECT_EQ(pod_status(driver("{phase: Running}")), "Running");
  EXPECT_EQ(pod_status(driver("{phase: Pending, containerStatuses: [{state: {waiting: {reason: ImagePullBackOff}}}]}")),
            "ImagePullBackOff");
  EXPECT_EQ(pod_status(driver(
                "{phase: Failed, containerStatuses: [{state: {terminated: {reason: OOMKilled, exitCode: 137}}}]}")),
            "OOMKilled");
  EXPECT_EQ(pod_status(driver("{phase: Failed, reason: Evicted}")), "Evicted");
  EXPECT_EQ(pod_status(yaml::parse("{metadata: {deletionTimestamp: x}}")), "Terminating");
  EXPECT_EQ(pod_status(yaml::parse("{}")), "Unknown");
}

TEST(Pods, TheDriversContainerCountsNotASidecars) {
  const Object pod = driver(R"({phase: Failed, containerStatuses: [
      {name: istio-proxy, state: {terminated: {exitCode: 0}}},
      {name: spark-kubernetes-driver, state: {terminated: {exitCode: 3}}}]})");
  EXPECT_EQ(exit_code(pod), 3);
  EXPECT_TRUE(started(pod));
}

TEST(Pods, TheMainContainerMayHaveATemplatesName) {
  EXPECT_EQ(main_container(driver("{containerStatuses: [{name: mine}]}")), "mine");
  EXPECT_EQ(main_container(yaml::parse("{spec: {containers: [{name: proxy}, {name: spark-kubernetes-driver}]}}")),
            "spark-kubernetes-driver");
  EXPECT_EQ(main_container(yaml::parse("{spec: {containers: [{name: mine}, {name: proxy}]}}")), "mine");
  EXPECT_EQ(main_container(yaml::parse("{spec: {containers: [{name: proxy}, {name: mine, env: [{name: "
                                       "SPARK_APPLICATION_ID, value: a}]}, {name: injected}]}}")),
            "mine");
  EXPECT_EQ(main_container(yaml::parse("{}")), "");
}

TEST(Pods, NoExitCodeBeforeTheEnd) {
  EXPECT_FALSE(exit_code(driver("{phase: Running, containerStatuses: [{state: {running: {}}}]}")));
  EXPECT_FALSE(exit_code(driver("{}")));
  EXPECT_FALSE(started(driver("{containerStatuses: [{state: {waiting: {reason: ContainerCreating}}}]}")));
  EXPECT_TRUE(started(driver("{containerStatuses: [{state: {waiting: {}}, lastState: {terminated: {exitCode: 1}}}]}")));
}

}  // namespace
}  // namespace spoke::cli
