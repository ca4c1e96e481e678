#include "cli/text/application.h"

#include <gtest/gtest.h>

#include "data/yaml.h"

namespace spoke::cli {
namespace {

const Time kNow = *parse_rfc3339("2026-03-01T12:10:00Z");

Object running() {
  return yaml::parse(R"(
metadata: {name: pi, namespace: spark, creationTimestamp: "2026-03-01T12:00:00Z", managedFields: [{manager: m}]}
spec: {image: "spark:4.0", executor: {instances: 3}}
status:
  applicationState: {state: RUNNING}
  lastSubmissionAttemptTime: "2026-03-01T12:05:00Z"
  terminationTime: null
  executionAttempts: 1
  driverInfo: {podName: pi-driver}
  executorState: {pi-exec-1: RUNNING, pi-exec-2: PENDING}
)");
}

TEST(Application, OneThatNobodyHasSeenIsNew) {
  EXPECT_EQ(state_of(yaml::parse("{metadata: {name: pi}}")), "NEW");
  EXPECT_EQ(state_of(yaml::parse("{status: {applicationState: {state: ''}}}")), "NEW");
}

TEST(Application, TheDriversNameIsKnownBeforeItIsThere) {
  EXPECT_EQ(driver_pod_name(yaml::parse("{metadata: {name: pi}}")), "pi-driver");
  EXPECT_EQ(driver_pod_name(yaml::parse("{metadata: {name: pi}, spec: {driver: {podName: d}}}")), "d");
  EXPECT_EQ(driver_pod_name(yaml::parse("{metadata: {name: pi}, status: {driverInfo: {podName: e}}}")), "e");
}

TEST(Application, ExecutorsWantedAndRunning) {
  EXPECT_EQ(executors_wanted(running()), "3");
  EXPECT_EQ(executors_running(running()), 1U);
  EXPECT_EQ(
      executors_wanted(yaml::parse("{spec: {dynamicAllocation: {enabled: true, minExecutors: 1, maxExecutors: 5}}}")),
      "1-5");
  EXPECT_EQ(executors_wanted(yaml::parse("{spec: {dynamicAllocation: {enabled: true}}}")), "0+");
}

TEST(Application, RunTimeEndsWithTheApplication) {
  EXPECT_EQ(run_time(running(), kNow), std::chrono::minutes(5));
  Object done = running();
  json::set(done, "status.applicationState.state", "COMPLETED");
  json::set(done, "status.terminationTime", "2026-03-01T12:06:00Z");
  EXPECT_EQ(run_time(done, kNow), std::chrono::minutes(1));
  EXPECT_FALSE(run_time(yaml::parse("{}"), kNow));
}

TEST(ApplicationTable, ListsWhatMatters) {
  EXPECT_EQ(application_table({running()}, {}, kNow).text(false),
            "NAME   STATE     EXECUTORS   RUN TIME   AGE\n"
            "pi     RUNNING   1/3         5m         10m\n");
  const std::string wide = application_table({running()}, {true, true}, kNow).text(false);
  EXPECT_NE(wide.find("NAMESPACE"), std::string::npos);
  EXPECT_NE(wide.find("spark:4.0"), std::string::npos);
}

TEST(ApplicationTable, StandsAnythingInAnObject) {
  const std::vector<Object> strange = {json::value(nullptr), json::array{1},
                                       yaml::parse("{metadata: 1, status: [x], spec: x}"),
                                       yaml::parse("{status: {executorState: [1], lastSubmissionAttemptTime: x}}")};
  EXPECT_NO_THROW(application_table(strange, {true, true}, kNow).text(true));
}

TEST(Noise, ManagedFieldsAreLeftOut) {
  EXPECT_EQ(json::find(without_noise(running()), "metadata.managedFields"), nullptr);
}

}  // namespace
}  // namespace spoke::cli
