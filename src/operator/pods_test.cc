#include "operator/pods.h"

#include <gtest/gtest.h>

#include <utility>

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
  see(out, application(), PodReader().read(pod));
  return out;
}

TEST(Pods, ADriverSaysAllThatDecidesAboutIt) {
  const auto driver = seen(driver_pod()).driver;
  ASSERT_TRUE(driver);
  EXPECT_EQ("pi-driver", driver->name);
  EXPECT_EQ("p", driver->uid);
  EXPECT_EQ("spark-1", driver->app_id);
  EXPECT_EQ("Failed", driver->phase);
  EXPECT_EQ("r", driver->reason);
  EXPECT_EQ("m", driver->message);
  EXPECT_EQ((Terminated{3, "Error"}), driver->terminated);
  EXPECT_EQ("jobs/pi", application_of(PodReader().read(driver_pod())));
}

json::value executor_pod(const char* id) {
  json::value pod = driver_pod();
  json::set(pod, "metadata.name", std::string("pi-exec-") + id);
  json::object& labels = json::find(pod, "metadata.labels")->as_object();
  labels["spark-role"] = "executor";
  labels["spark-exec-id"] = id;
  json::set(pod, "status", json::object{{"phase", "Running"}});
  return pod;
}

TEST(Pods, ExecutorsThatRunShareWhatTheyHaveInCommon) {
  PodReader reader;
  const Pod one = reader.read(executor_pod("1")), two = reader.read(executor_pod("2"));
  EXPECT_EQ(one.of, two.of);
  EXPECT_EQ(nullptr, one.more);
  EXPECT_EQ(2, executor_of(two).id);
  EXPECT_EQ("Running", executor_of(two).phase);
  EXPECT_EQ("pi-exec-2", executor_of(two).name);
  EXPECT_EQ("spark-1", executor_of(two).app_id);
  EXPECT_LE(sizeof(Pod), 80U) << "there are tens of thousands";
  json::value other = executor_pod("1");
  json::find(other, "metadata.labels")->as_object()["sparkoperator.k8s.io/submission-id"] = "another";
  EXPECT_NE(one.of, reader.read(other).of);
}

TEST(Pods, AnyDifferenceThatCountsIsOne) {
  PodReader reader;
  const Pod pod = reader.read(driver_pod());
  EXPECT_TRUE(pod == reader.read(driver_pod()));
  EXPECT_TRUE(pod == PodReader().read(driver_pod())) << "whoever read it";
  const auto differs = [&](const char* path, json::value to) {
    json::value other = driver_pod();
    json::set(other, path, std::move(to));
    return !(pod == reader.read(other));
  };
  for (const auto* path : {"metadata.name", "metadata.uid", "metadata.namespace", "status.reason", "status.message",
                           "status.phase", "spec.nodeName"})
    EXPECT_TRUE(differs(path, "x")) << path;
  EXPECT_TRUE(differs("metadata.deletionTimestamp", "2026-01-01T00:00:00Z"));
  EXPECT_TRUE(differs("status.containerStatuses", json::array()));
  EXPECT_TRUE(
      differs("status.conditions", json::array{json::object{{"type", "DisruptionTarget"}, {"status", "True"}}}));
  EXPECT_FALSE(differs("status.podIP", "10.0.0.2"));
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

TEST(Pods, APodOfAnyShapeCanBeRead) {
  for (const auto* text :
       {"{}", "null", R"({"metadata": [], "status": 3})", R"({"status": {"containerStatuses": [1, {}]}})",
        R"({"metadata": {"labels": 1, "ownerReferences": [7]}})"})
    EXPECT_EQ("", application_of(PodReader().read(json::parse(text)))) << text;
}

TEST(PodIndex, KnowsThePodsOfAnApplication) {
  PodIndex index;
  PodReader reader;
  Pod kept = reader.read(driver_pod());
  index.update(nullptr, &kept);
  EXPECT_EQ(PodIndex::Pods{&kept}, index.pods_of("jobs/pi"));
  const Pod before = std::exchange(kept, reader.read(driver_pod()));
  index.update(&before, &kept);
  EXPECT_EQ(PodIndex::Pods{&kept}, index.pods_of("jobs/pi"));
  json::value renamed = driver_pod();
  json::find(renamed, "metadata.labels")->as_object()["sparkoperator.k8s.io/app-name"] = "other";
  const Pod labelled = std::exchange(kept, reader.read(renamed));
  index.update(&labelled, &kept);
  EXPECT_TRUE(index.pods_of("jobs/pi").empty());
  EXPECT_EQ(PodIndex::Pods{&kept}, index.pods_of("jobs/other"));
  index.update(&kept, nullptr);
  EXPECT_TRUE(index.pods_of("jobs/other").empty());
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
