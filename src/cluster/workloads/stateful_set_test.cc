#include "cluster/workloads/stateful_set.h"

#include <gtest/gtest.h>

#include "cluster/workloads/test_world.h"

namespace spoke::cluster {
namespace {

using testing::World;
using Names = std::vector<std::string>;

class StatefulSetTest : public ::testing::Test {
 protected:
  void make(int replicas, const char* more = "{}") {
    Object set = json::parse(
        R"({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s"},
            "spec": {"selector": {"matchLabels": {"app": "s"}}, "serviceName": "svc",
                     "podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 1,
                     "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                     "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}],
                     "template": {"metadata": {"labels": {"app": "s"}},
                                  "spec": {"containers": [{"name": "c", "image": "a"}]}}}})");
    json::set(set, "spec.replicas", replicas);
    const json::value changes = json::parse(more);
    for (const auto& [member, value] : changes.get_object()) set.at("spec").get_object()[member] = value;
    world.add(set);
    settle();
  }

  void settle() {
    for (int i = 0; i < 50; ++i) {
      const Object s = world.get("s");
      const StatefulParts parts{world.all("Pod", kube::uid(s)), world.all("ControllerRevision"),
                                world.all("PersistentVolumeClaim")};
      if (!world.carry_out("s", next_of_stateful_set(s, parts, world.time))) return;
    }
    FAIL() << "it does not come to rest";
  }

  void edit(std::string_view path, json::value to) {
    json::set(world.get("s"), path, std::move(to));
    settle();
  }
  void image(const char* name) {
    edit("spec.template.spec.containers", json::array{json::object{{"name", "c"}, {"image", name}}});
  }
  void ready(const char* pod) {
    world.ready(pod);
    settle();
  }
  std::string images() {
    std::string out;
    for (const auto& name : world.names("Pod"))
      out += json::str(json::list(world.get(name), "spec.containers").front(), "image");
    return out;
  }
  std::int64_t count(const char* of) { return json::num(world.get("s"), std::string("status.") + of); }

  World world;
};

TEST_F(StatefulSetTest, PodsComeOneByOneWithTheirNamesAndClaims) {
  make(2);
  EXPECT_EQ(world.names("Pod"), Names{"s-0"});
  const Object pod = world.get("s-0");
  EXPECT_EQ(json::str(pod, "spec.hostname"), "s-0");
  EXPECT_EQ(json::str(pod, "spec.subdomain"), "svc");
  EXPECT_EQ(kube::label(pod, "statefulset.kubernetes.io/pod-name"), "s-0");
  EXPECT_EQ(kube::label(pod, "apps.kubernetes.io/pod-index"), "0");
  EXPECT_EQ(json::str(json::list(pod, "spec.volumes").front(), "persistentVolumeClaim.claimName"), "data-s-0");
  ready("s-0");
  EXPECT_EQ(world.names("Pod"), (Names{"s-0", "s-1"}));
  EXPECT_EQ(world.names("PersistentVolumeClaim"), (Names{"data-s-0", "data-s-1"}));
  ready("s-1");
  EXPECT_EQ(count("readyReplicas"), 2);
  EXPECT_EQ(json::str(world.get("s"), "status.currentRevision"), json::str(world.get("s"), "status.updateRevision"));
}

TEST_F(StatefulSetTest, InParallelAllComeAtOnce) {
  make(3, R"({"podManagementPolicy": "Parallel", "ordinals": {"start": 5}})");
  EXPECT_EQ(world.names("Pod"), (Names{"s-5", "s-6", "s-7"}));
  edit("spec.replicas", 0);
  EXPECT_EQ(world.names("Pod"), Names{});
}

TEST_F(StatefulSetTest, ShrinksFromTheHighestAndKeepsTheClaims) {
  make(2);
  ready("s-0");
  ready("s-1");
  edit("spec.replicas", 1);
  EXPECT_EQ(world.names("Pod"), Names{"s-0"});
  EXPECT_EQ(world.names("PersistentVolumeClaim").size(), 2U);
  // What an earlier policy kept stays.
  edit("spec.persistentVolumeClaimRetentionPolicy", json::object{{"whenScaled", "Delete"}});
  EXPECT_EQ(world.names("PersistentVolumeClaim").size(), 2U);
}

TEST_F(StatefulSetTest, ClaimsBelongToWhatTheyAreToGoWith) {
  make(2);
  ready("s-0");
  ready("s-1");
  const auto owner = [&](const char* claim) {
    const auto& owners = json::list(world.get(claim), "metadata.ownerReferences");
    return owners.empty() ? std::string() : std::string(json::str(owners.front(), "name"));
  };
  EXPECT_EQ(owner("data-s-1"), "");
  edit("spec.persistentVolumeClaimRetentionPolicy", json::object{{"whenScaled", "Delete"}, {"whenDeleted", "Delete"}});
  EXPECT_EQ(owner("data-s-0"), "s");
  EXPECT_EQ(owner("data-s-1"), "s");
  edit("spec.replicas", 1);
  EXPECT_EQ(owner("data-s-1"), "s-1");
  edit("spec.persistentVolumeClaimRetentionPolicy", json::object{{"whenDeleted", "Retain"}});
  EXPECT_EQ(owner("data-s-0"), "");
}

TEST_F(StatefulSetTest, ARevisionWithoutATemplateIsNone) {
  make(1, R"({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}})");
  Object evil = json::parse(R"({"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": "evil"}})");
  world.add(evil);
  json::set(world.get("s"), "status.currentRevision", "evil");
  std::erase_if(world.objects, [](const Object& o) { return kube::kind(o) == "Pod"; });
  settle();
  EXPECT_EQ(images(), "a");
}

TEST_F(StatefulSetTest, RollsFromTheHighestEachWhenTheLastIsReady) {
  make(2);
  ready("s-0");
  ready("s-1");
  image("b");
  EXPECT_EQ(images(), "ab");
  EXPECT_EQ(count("updatedReplicas"), 1);
  EXPECT_EQ(count("currentReplicas"), 1);
  ready("s-1");
  EXPECT_EQ(images(), "bb");
  EXPECT_NE(json::str(world.get("s"), "status.currentRevision"), json::str(world.get("s"), "status.updateRevision"));
  ready("s-0");
  EXPECT_EQ(json::str(world.get("s"), "status.currentRevision"), json::str(world.get("s"), "status.updateRevision"));
  EXPECT_EQ(count("currentReplicas"), 2);
}

TEST_F(StatefulSetTest, BelowThePartitionPodsStayAndComeBackAsTheyWere) {
  make(2, R"({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}})");
  ready("s-0");
  ready("s-1");
  image("b");
  ready("s-1");
  EXPECT_EQ(images(), "ab");
  std::erase_if(world.objects, [](const Object& o) { return kube::name(o) == "s-0"; });
  settle();
  EXPECT_EQ(images(), "ab");
}

TEST_F(StatefulSetTest, OnDeleteOnlyWhatIsDeletedIsNew) {
  make(1, R"({"updateStrategy": {"type": "OnDelete"}})");
  ready("s-0");
  image("b");
  EXPECT_EQ(images(), "a");
  std::erase_if(world.objects, [](const Object& o) { return kube::kind(o) == "Pod"; });
  settle();
  EXPECT_EQ(images(), "b");
}

TEST_F(StatefulSetTest, APodThatEndedIsMadeAnewUnderItsName) {
  make(1);
  const std::string before(kube::uid(world.get("s-0")));
  world.end("s-0", "Failed");
  settle();
  EXPECT_EQ(world.names("Pod"), Names{"s-0"});
  EXPECT_NE(kube::uid(world.get("s-0")), before);
}

TEST_F(StatefulSetTest, OldRevisionsAreForgottenAndAnOldTemplateIsTheNewestAgain) {
  make(1);
  ready("s-0");
  const std::string first(json::str(world.get("s"), "status.updateRevision"));
  for (const char* name : {"b", "c", "d"}) {
    image(name);
    ready("s-0");
  }
  EXPECT_EQ(world.names("ControllerRevision").size(), 2U);
  image("c");
  ready("s-0");
  EXPECT_EQ(images(), "c");
  EXPECT_EQ(json::num(world.get(json::str(world.get("s"), "status.updateRevision")), "revision"), 5);
}

}  // namespace
}  // namespace spoke::cluster
