// Applications that kubeflow's operator has submitted, as they stand: status and driver as its version 2.5 wrote them.
#include <gtest/gtest.h>

#include "operator/labels.h"
#include "operator/test_operator.h"

namespace spoke::op {
namespace {

constexpr const char* kTheirs = "09d6831e-75e8-427b-92dc-83677c6fb592";

void put_theirs(MapApi& api) {
  json::value app = application("{restartPolicy: {type: OnFailure, onFailureRetries: 1, onFailureRetryInterval: 0}}");
  app.as_object()["status"] = yaml::parse(R"(
applicationState: {state: RUNNING}
driverInfo: {podName: pi-driver, webUIAddress: "10.96.16.157:4040", webUIPort: 4040, webUIServiceName: pi-ui-svc}
executionAttempts: 1
lastSubmissionAttemptTime: "2026-11-22T04:33:42Z"
sparkApplicationId: spark-c9a58cd3c00a4bf3a5ed8567dfba884d
submissionAttempts: 1
submissionID: 09d6831e-75e8-427b-92dc-83677c6fb592
terminationTime: null
)");
  api.put(spark_applications, std::move(app));
  json::value driver = yaml::parse(R"(
apiVersion: v1
kind: Pod
metadata:
  name: pi-driver
  namespace: jobs
  labels:
    spark-app-name: pi
    spark-app-selector: spark-c9a58cd3c00a4bf3a5ed8567dfba884d
    spark-role: driver
    spark-version: 4.1.4
    sparkoperator.k8s.io/app-name: pi
    sparkoperator.k8s.io/launched-by-spark-operator: "true"
    sparkoperator.k8s.io/mutated-by-spark-operator: "true"
    sparkoperator.k8s.io/submission-id: 09d6831e-75e8-427b-92dc-83677c6fb592
  ownerReferences:
  - {apiVersion: sparkoperator.k8s.io/v1beta2, blockOwnerDeletion: true, controller: true, kind: SparkApplication, name: pi}
status: {phase: Running}
)");
  const std::string uid(kube::uid(*api.find(spark_applications, "jobs", "pi")));
  json::make_array(driver, "metadata.ownerReferences").at(0).as_object()["uid"] = uid;
  api.put(pods, std::move(driver));
}

std::string driver_uid(const MapApi& api) {
  const kube::Object* driver = api.find(pods, "jobs", "pi-driver");
  return driver == nullptr ? "" : std::string(kube::uid(*driver));
}

TEST(Adoption, ARunningApplicationIsLeftAsItIs) {
  MapApi api;
  put_theirs(api);
  const std::string before = driver_uid(api);
  int looks = 0;
  run_until(api, [&] { return ++looks > 50; });
  EXPECT_TRUE(api.writes.empty()) << api.writes.front();
  EXPECT_EQ(before, driver_uid(api));
}

TEST(Adoption, ItIsFollowedToItsEnd) {
  MapApi api;
  put_theirs(api);
  set_phase(api, "pi-driver", ended("Succeeded", 0));
  ASSERT_TRUE(run_until(api, state_is(api, State::Completed)));
  EXPECT_EQ(1, status(api).execution_attempts);
  EXPECT_EQ(kTheirs, status(api).submission_id);
}

TEST(Adoption, ItsRetriesGoOnToCount) {
  MapApi api;
  put_theirs(api);
  set_phase(api, "pi-driver", ended("Failed", 1));
  ASSERT_TRUE(run_until(api, [&] { return status(api).execution_attempts == 2; }));
  EXPECT_NE(kTheirs, status(api).submission_id);
  set_phase(api, "pi-driver", ended("Failed", 1));
  EXPECT_TRUE(run_until(api, state_is(api, State::Failed))) << "it had one retry";
}

// Nothing in status tells what theirs was made from.
TEST(Adoption, AnEditStartsItAgain) {
  MapApi api;
  put_theirs(api);
  const std::string before = driver_uid(api);
  int looks = 0;
  ASSERT_TRUE(run_until(api, [&] {
    if (++looks == 20) edit(api, "spec.arguments", json::array{"2"});
    return is_served(api)() && status(api).submission_id != kTheirs;
  }));
  EXPECT_NE(before, driver_uid(api));
}

TEST(Adoption, AnEditOfWhatNeedsNoOtherDriverDoesNot) {
  MapApi api;
  put_theirs(api);
  const std::string before = driver_uid(api);
  int looks = 0;
  run_until(api, [&] {
    if (++looks == 20) edit(api, "spec.timeToLiveSeconds", 3600);
    return looks > 60;
  });
  EXPECT_EQ(before, driver_uid(api));
  EXPECT_EQ(kTheirs, status(api).submission_id);
}

}  // namespace
}  // namespace spoke::op
