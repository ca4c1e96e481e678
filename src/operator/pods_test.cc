#include "operator/pods.h"

#include <gtest/gtest.h>

#include "operator/decide.h"
#include "operator/executors.h"
#include "operator/pod_index.h"

namespace spoke::op {
namespace {

json::value driver_pod() {
  return json::parse(R"({
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "pi-driver", "namespace": "jobs", "uid": "p", "resourceVersion": "9",
      "annotations": {"a": "b"},
      "labels": {"sparkoperator.k8s.io/app-name": "pi", "sparkoperator.k8s.io/submission-id": "s",
                 "spark-role": "driver", "spark-app-selector": "spark-1", "team": "x"},
      "ownerReferences": [{"apiVersion": "v1", "kind": "Queue", "name": "q", "uid": "z"},
        {"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication", "name": "pi", "uid": "u",
         "controller": true}],
      "managedFields": [{}]},
    "spec": {"containers": [{"name": "spark-kubernetes-driver"}]},
    "status": {"phase": "Failed", "reason": "r", "message": "m", "podIP": "10.0.0.1", "containerStatuses": [
      {"name": "sidecar", "state": {"running": {}}},
      {"name": "spark-kubernetes-driver", "image": "i",
       "state": {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": "t"}}}]}})");
}

Application application() {
  Application app;
  app.name = "pi";
  app.ns = "jobs";
  app.uid = "u";
  app.status.submission_id = "s";
  return app;
}

Observed seen(const json::value& pod) {
  Observed out;
  see(out, application(), pod);
  return out;
}

TEST(Pods, AProjectionSaysTheSameAsThePodInFewerWords) {
  const json::value pod = driver_pod();
  const json::value small = project_pod(pod);
  EXPECT_LT(json::dump(small).size(), json::dump(pod).size() * 2 / 3);
  for (const auto& from : {pod, small}) {
    const auto driver = seen(from).driver;
    ASSERT_TRUE(driver);
    EXPECT_EQ("pi-driver", driver->name);
    EXPECT_EQ("p", driver->uid);
    EXPECT_EQ("spark-1", driver->app_id);
    EXPECT_EQ("Failed", driver->phase);
    EXPECT_EQ("r", driver->reason);
    EXPECT_EQ("m", driver->message);
    EXPECT_EQ((Terminated{3, "Error"}), driver->terminated);
    EXPECT_EQ("jobs/pi", application_of(from));
  }
  EXPECT_EQ(small, project_pod(small));
}

TEST(Pods, OnlyPodsOfThisAttemptAreSeen) {
  EXPECT_TRUE(seen(driver_pod()).driver);
  const auto unseen = [](const char* path, const char* label, const char* value) {
    json::value pod = driver_pod();
    if (label != nullptr)
      json::find(pod, "metadata.labels")->as_object()[label] = value;
    else
      json::set(pod, path, value);
    return !seen(pod).driver;
  };
  EXPECT_TRUE(unseen("metadata.namespace", nullptr, "other"));
  EXPECT_TRUE(unseen("", "sparkoperator.k8s.io/app-name", "other"));
  EXPECT_TRUE(unseen("", "sparkoperator.k8s.io/submission-id", "earlier"));
  EXPECT_TRUE(unseen("", "spark-role", "executor"));
  json::value foreign = driver_pod();
  json::list(foreign, "metadata.ownerReferences");
  json::find(foreign, "metadata.ownerReferences")->as_array()[1].as_object()["uid"] = "of an earlier application";
  EXPECT_FALSE(seen(foreign).driver);
}

TEST(Pods, TheSparkContainerIsTheOnlyOneWhereNoneHasItsName) {
  json::value pod = driver_pod();
  json::array& statuses = json::find(pod, "status.containerStatuses")->as_array();
  statuses[1].as_object()["name"] = "main";
  EXPECT_FALSE(seen(pod).driver->terminated) << "it could be either";
  statuses.erase(statuses.begin());
  EXPECT_TRUE(seen(pod).driver->terminated);
}

TEST(Pods, APodOfAnyShapeCanBeProjected) {
  for (const auto* text :
       {"{}", "null", R"({"metadata": [], "status": 3})", R"({"status": {"containerStatuses": [1, {}]}})",
        R"({"metadata": {"labels": 1, "ownerReferences": [7]}})"})
    EXPECT_TRUE(project_pod(json::parse(text)).is_object()) << text;
}

TEST(PodIndex, KnowsThePodsOfAnApplication) {
  PodIndex index;
  const json::value pod = project_pod(driver_pod());
  index.update(nullptr, &pod);
  EXPECT_EQ(std::set<std::string>{"jobs/pi-driver"}, index.pods_of("jobs/pi"));
  index.update(&pod, &pod);
  EXPECT_EQ(1u, index.pods_of("jobs/pi").size());
  index.update(&pod, nullptr);
  EXPECT_TRUE(index.pods_of("jobs/pi").empty());
}

// Executors.

ExecutorPod executor(std::string phase, std::optional<Terminated> end = std::nullopt, bool deleting = false) {
  return {.name = "e-1", .id = 1, .phase = std::move(phase), .deleting = deleting, .terminated = end};
}

TEST(Executors, TheStateFollowsThePhase) {
  EXPECT_EQ("PENDING", executor_state(executor("Pending")));
  EXPECT_EQ("PENDING", executor_state(executor("")));
  EXPECT_EQ("RUNNING", executor_state(executor("Running")));
  EXPECT_EQ("COMPLETED", executor_state(executor("Succeeded")));
  EXPECT_EQ("FAILED", executor_state(executor("Failed")));
  EXPECT_EQ("UNKNOWN", executor_state(executor("Unknown")));
}

TEST(Executors, OneThatWasToldToGoHasNotFailed) {
  EXPECT_EQ("COMPLETED", executor_state(executor("Failed", {{143, "Error"}}, true)));
  EXPECT_EQ("FAILED", executor_state(executor("Failed", {{143, "Error"}}, false)));
  EXPECT_EQ("FAILED", executor_state(executor("Failed", {{137, "OOMKilled"}}, true)));
}

TEST(Executors, AFailureSaysHow) {
  Status status;
  std::vector<Event> events;
  ExecutorPod pod = executor("Failed", {{52, "Error"}});
  pod.message = "m";
  follow_executors(status, {pod}, 10, events);
  EXPECT_EQ(
      (Event{true, "SparkExecutorFailed", "Executor e-1 failed with ExitCode: 52, Reason: Error, Pod Message: m"}),
      events.at(0));
  pod.terminated.reset();
  status.executor_state.clear();
  follow_executors(status, {pod}, 10, events);
  EXPECT_EQ("Executor e-1 failed with ExitCode: -1, Reason: Unknown (Container not Found), Pod Message: m",
            events.at(1).message);
}

TEST(Executors, ThoseThatVanishFollowTheApplication) {
  const auto state = [](State application) {
    Status status;
    status.state = application;
    status.executor_state = {{"gone", "RUNNING"}, {"done", "COMPLETED"}, {"dead", "FAILED"}};
    std::vector<Event> events;
    follow_executors(status, {}, 10, events);
    EXPECT_EQ("COMPLETED", status.executor_state["done"]);
    EXPECT_EQ("FAILED", status.executor_state["dead"]);
    EXPECT_TRUE(events.empty());
    return status.executor_state["gone"];
  };
  EXPECT_EQ("UNKNOWN", state(State::Running));
  EXPECT_EQ("COMPLETED", state(State::Succeeding));
  EXPECT_EQ("COMPLETED", state(State::Completed));
  EXPECT_EQ("FAILED", state(State::Failing));
  EXPECT_EQ("FAILED", state(State::Failed));
}

TEST(Executors, OnlySoManyAreTracked) {
  Status status;
  std::vector<Event> events;
  std::vector<ExecutorPod> pods;
  for (int id = 1; id <= 5; ++id) {
    pods.push_back(executor("Running"));
    pods.back().name = "e-" + std::to_string(id);
    pods.back().id = id;
  }
  follow_executors(status, pods, 3, events);
  EXPECT_EQ(3u, status.executor_state.size());
  EXPECT_FALSE(status.executor_state.contains("e-4"));
  for (auto& pod : pods) pod.id = 0;  // labels can say anything
  pods[3].name = "z";
  follow_executors(status, pods, 3, events);
  EXPECT_EQ(3u, status.executor_state.size());
}

TEST(Executors, TheApplicationsIdIsTheirs) {
  Status status;
  status.spark_application_id = "spark-of-the-driver";
  std::vector<Event> events;
  ExecutorPod pod = executor("Running");
  pod.app_id = "spark-of-executors";
  follow_executors(status, {pod}, 3, events);
  EXPECT_EQ("spark-of-executors", status.spark_application_id);
}

}  // namespace
}  // namespace spoke::op
