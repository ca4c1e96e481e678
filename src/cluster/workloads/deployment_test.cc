#include "cluster/workloads/deployment.h"

#include <gtest/gtest.h>

#include "cluster/workloads/replica_set.h"
#include "cluster/workloads/test_world.h"

namespace spoke::cluster {
namespace {

using testing::World;

Object deployment(std::int64_t replicas, const char* image = "a") {
  return json::parse(fmt::format(
      R"({{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {{"name": "d", "annotations": {{"team": "x"}}}},
           "spec": {{"replicas": {}, "selector": {{"matchLabels": {{"app": "d"}}}}, "revisionHistoryLimit": 1,
                     "progressDeadlineSeconds": 60,
                     "strategy": {{"type": "RollingUpdate", "rollingUpdate": {{"maxSurge": "25%", "maxUnavailable": "25%"}}}},
                     "template": {{"metadata": {{"labels": {{"app": "d"}}}},
                                   "spec": {{"containers": [{{"name": "c", "image": "{}"}}]}}}}}}}})",
      replicas, image));
}

class DeploymentTest : public ::testing::Test {
 protected:
  // Both controllers, until neither has anything to do.
  void settle() {
    for (int i = 0; i < 100; ++i) {
      const Object d = world.get("d");
      const auto sets = world.all("ReplicaSet", kube::uid(d));
      std::vector<Object> pods;
      for (const auto& set : sets)
        for (auto& pod : world.all("Pod", kube::uid(set))) pods.push_back(std::move(pod));
      bool changed = world.carry_out("d", next_of_deployment(d, sets, pods, world.time));
      for (const auto& set : world.all("ReplicaSet")) {
        const auto own = world.all("Pod", kube::uid(set));
        changed =
            world.carry_out(std::string(kube::name(set)), next_of_replica_set(set, own, "", world.time)) || changed;
      }
      check();
      if (!changed) return;
    }
    FAIL() << "it does not come to rest";
  }

  void check() {
    const auto pods = world.all("Pod");
    most = std::max(most, pods.size());
    const auto ready = static_cast<size_t>(std::ranges::count_if(pods, is_ready));
    least = std::min(least, ready);
  }

  void all_ready() {
    for (const auto& pod : world.all("Pod"))
      if (!is_ready(pod)) world.ready(kube::name(pod));
  }

  void edit(std::string_view path, json::value to) {
    json::set(world.get("d"), path, std::move(to));
    json::set(world.get("d"), "metadata.generation", json::num(world.get("d"), "metadata.generation") + 1);
  }

  std::string condition(std::string_view type) {
    const json::value* c = kube::condition(world.get("d"), type);
    return c == nullptr ? "" : fmt::format("{} {}", json::str(*c, "status"), json::str(*c, "reason"));
  }

  std::vector<std::int64_t> sizes() {
    std::vector<std::int64_t> out;
    for (const auto& set : world.all("ReplicaSet")) out.push_back(json::num(set, "spec.replicas"));
    return out;
  }

  std::string image_of_pods() {
    std::string out;
    for (const auto& pod : world.all("Pod")) out += json::str(json::list(pod, "spec.containers").front(), "image");
    return out;
  }

  World world;
  size_t most = 0, least = 1000;
};

TEST_F(DeploymentTest, MakesASetOfItsTemplateAndSaysWhenAllAreAvailable) {
  world.add(deployment(3));
  settle();
  EXPECT_EQ(sizes(), (std::vector<std::int64_t>{3}));
  const Object set = world.all("ReplicaSet")[0];
  EXPECT_EQ(kube::name(set), "d-" + std::string(kube::label(set, "pod-template-hash")));
  EXPECT_EQ(json::str(set, "spec.selector.matchLabels.pod-template-hash"), kube::label(set, "pod-template-hash"));
  EXPECT_EQ(kube::annotation(set, "deployment.kubernetes.io/revision"), "1");
  EXPECT_EQ(kube::annotation(set, "team"), "x");
  EXPECT_EQ(condition("Available"), "False MinimumReplicasUnavailable");
  EXPECT_EQ(condition("Progressing"), "True ReplicaSetUpdated");
  EXPECT_EQ(json::num(world.get("d"), "status.unavailableReplicas"), 3);
  all_ready();
  settle();
  EXPECT_EQ(condition("Available"), "True MinimumReplicasAvailable");
  EXPECT_EQ(condition("Progressing"), "True NewReplicaSetAvailable");
  EXPECT_EQ(json::num(world.get("d"), "status.availableReplicas"), 3);
  EXPECT_EQ(kube::annotation(world.get("d"), "deployment.kubernetes.io/revision"), "1");
  EXPECT_EQ(world.notes.front(),
            fmt::format("ScalingReplicaSet: Scaled up replica set {} from 0 to 3", kube::name(set)));
}

TEST_F(DeploymentTest, RollsWithinItsBounds) {
  world.add(deployment(4));
  settle();
  all_ready();
  settle();
  most = 0, least = 1000;
  edit("spec.template.spec.containers", json::parse(R"([{"name": "c", "image": "b"}])"));
  for (int i = 0; i < 20; ++i) {
    settle();
    const auto pods = world.all("Pod");
    const auto waits = std::ranges::find_if(pods, [](const Object& pod) { return !is_ready(pod); });
    if (waits == pods.end()) break;
    world.ready(kube::name(*waits));  // one after the other
  }
  settle();
  EXPECT_EQ(image_of_pods(), "bbbb");
  EXPECT_EQ(sizes(), (std::vector<std::int64_t>{0, 4}));
  EXPECT_EQ(most, 5U);   // 4 and 25 %
  EXPECT_EQ(least, 3U);  // 4 less 25 %
  EXPECT_EQ(condition("Progressing"), "True NewReplicaSetAvailable");
  EXPECT_EQ(kube::annotation(world.get("d"), "deployment.kubernetes.io/revision"), "2");
}

TEST_F(DeploymentTest, AnImageThatNeverStartsTakesNoMoreThanItsShare) {
  world.add(deployment(4));
  settle();
  all_ready();
  settle();
  edit("spec.template.spec.containers", json::parse(R"([{"name": "c", "image": "bad"}])"));
  settle();
  EXPECT_EQ(sizes(), (std::vector<std::int64_t>{3, 2}));
  world.time += std::chrono::seconds(61);
  settle();
  EXPECT_EQ(condition("Progressing"), "False ProgressDeadlineExceeded");
  EXPECT_EQ(condition("Available"), "True MinimumReplicasAvailable");
  // Back to what worked: its set again, as a newer revision.
  edit("spec.template.spec.containers", json::parse(R"([{"name": "c", "image": "a"}])"));
  settle();
  all_ready();
  settle();
  EXPECT_EQ(sizes(), (std::vector<std::int64_t>{4, 0}));
  EXPECT_EQ(kube::annotation(world.all("ReplicaSet")[0], "deployment.kubernetes.io/revision"), "3");
}

TEST_F(DeploymentTest, RecreateWaitsUntilTheLastOldPodIsGone) {
  Object d = deployment(2);
  json::set(d, "spec.strategy", json::object{{"type", "Recreate"}});
  world.add(d);
  settle();
  all_ready();
  settle();
  for (const auto& pod : world.all("Pod"))  // that take their time to end
    json::set(world.get(kube::name(pod)), "metadata.finalizers", json::array{"x"});
  edit("spec.template.spec.containers", json::parse(R"([{"name": "c", "image": "b"}])"));
  settle();
  EXPECT_EQ(image_of_pods(), "aa");
  EXPECT_EQ(sizes(), (std::vector<std::int64_t>{0}));
  std::erase_if(world.objects, [](const Object& o) { return kube::kind(o) == "Pod"; });
  settle();
  EXPECT_EQ(image_of_pods(), "bb");
}

TEST_F(DeploymentTest, ScalesUpAndDownAndToNothing) {
  world.add(deployment(1));
  settle();
  all_ready();
  for (const auto replicas : {5, 2, 0}) {
    edit("spec.replicas", replicas);
    settle();
    all_ready();
    settle();
    EXPECT_EQ(static_cast<int>(world.all("Pod").size()), replicas);
  }
  EXPECT_EQ(condition("Available"), "True MinimumReplicasAvailable");
}

TEST_F(DeploymentTest, APausedOneOnlyScales) {
  world.add(deployment(2));
  settle();
  all_ready();
  settle();
  edit("spec.paused", true);
  edit("spec.template.spec.containers", json::parse(R"([{"name": "c", "image": "b"}])"));
  edit("spec.replicas", 3);
  settle();
  EXPECT_EQ(image_of_pods(), "aaa");
  EXPECT_EQ(condition("Progressing"), "Unknown DeploymentPaused");
  edit("spec.paused", false);
  for (int i = 0; i < 5; ++i) settle(), all_ready();
  EXPECT_EQ(image_of_pods(), "bbb");
}

TEST_F(DeploymentTest, PausedInTheMiddleItStaysThere) {
  world.add(deployment(4));
  settle();
  all_ready();
  settle();
  edit("spec.template.spec.containers", json::parse(R"([{"name": "c", "image": "b"}])"));
  settle();
  EXPECT_EQ(sizes(), (std::vector<std::int64_t>{3, 2}));
  edit("spec.paused", true);
  all_ready();
  settle();
  EXPECT_EQ(sizes(), (std::vector<std::int64_t>{3, 2}));
  edit("spec.replicas", 6);
  settle();
  EXPECT_EQ(sizes(), (std::vector<std::int64_t>{3, 4}));
}

TEST_F(DeploymentTest, ATemplateWithoutLabelsHasOneSet) {
  Object d = deployment(1);
  json::set(d, "spec.selector", json::parse(R"({"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]})"));
  json::remove(d, "spec.template.metadata");
  world.add(d);
  settle();
  EXPECT_EQ(world.all("ReplicaSet").size(), 1U);
}

TEST_F(DeploymentTest, KeepsAsManyOldSetsAsItsLimit) {
  world.add(deployment(1));
  for (const char* image : {"a", "b", "c", "d"}) {
    edit("spec.template.spec.containers", json::array{json::object{{"name", "c"}, {"image", image}}});
    for (int i = 0; i < 5; ++i) settle(), all_ready();
  }
  EXPECT_EQ(image_of_pods(), "d");
  EXPECT_EQ(world.all("ReplicaSet").size(), 2U);
}

TEST_F(DeploymentTest, WaitsForMinReadySeconds) {
  Object d = deployment(1);
  json::set(d, "spec.minReadySeconds", 10);
  world.add(d);
  settle();
  all_ready();
  settle();
  EXPECT_EQ(condition("Available"), "False MinimumReplicasUnavailable");
  const Object set = world.all("ReplicaSet")[0];
  const Step step = next_of_replica_set(set, world.all("Pod"), "", world.time);
  EXPECT_EQ(step.look_again, std::optional<Duration>(std::chrono::seconds(10)));
  world.time += std::chrono::seconds(10);
  settle();
  EXPECT_EQ(condition("Available"), "True MinimumReplicasAvailable");
}

TEST(ReplicaSetTest, TheLeastUsefulPodsGoFirst) {
  World world;
  Object& set = world.add(json::parse(
      R"({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "r"},
          "spec": {"replicas": 4, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {}}}})"));
  world.carry_out("r", next_of_replica_set(set, {}, "", world.time));
  auto names = world.names("Pod");
  world.ready(names[0]);
  world.ready(names[1]);
  world.ready(names[2]);
  json::make_object(world.get(names[0]), "metadata.annotations")["controller.kubernetes.io/pod-deletion-cost"] = "-5";
  const auto shrink = [&](int to) {
    json::set(world.get("r"), "spec.replicas", to);
    world.carry_out("r", next_of_replica_set(world.get("r"), world.all("Pod"), "", world.time));
    return world.names("Pod");
  };
  EXPECT_EQ(shrink(3), (std::vector<std::string>{names[0], names[1], names[2]}));  // the one that is not placed
  EXPECT_EQ(shrink(2), (std::vector<std::string>{names[1], names[2]}));            // the cheapest
  EXPECT_EQ(shrink(1), (std::vector<std::string>{names[1]}));                      // the youngest
}

TEST(ReplicaSetTest, APodThatEndedIsReplacedAndAFailureIsSaid) {
  World world;
  Object& set = world.add(json::parse(
      R"({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "r"},
          "spec": {"replicas": 1, "template": {"metadata": {}, "spec": {}}}})"));
  world.carry_out("r", next_of_replica_set(set, {}, "", world.time));
  world.end(world.names("Pod")[0], "Failed");
  const Step step = next_of_replica_set(world.get("r"), world.all("Pod"), "exceeded quota", world.time);
  EXPECT_EQ(step.create.size(), 1U);
  world.carry_out("r", step);
  EXPECT_EQ(json::str(*kube::condition(world.get("r"), "ReplicaFailure"), "message"), "exceeded quota");
}

}  // namespace
}  // namespace spoke::cluster
