#include "kube/meta.h"

#include <gtest/gtest.h>

namespace spoke::kube {
namespace {

const Object kPod = json::parse(R"({
  "apiVersion": "v1", "kind": "Pod",
  "metadata": {"name": "p", "namespace": "n", "uid": "u", "resourceVersion": "7",
               "labels": {"app.kubernetes.io/name": "x"}, "annotations": {"a": "b", "n": 3},
               "ownerReferences": [{"kind": "A", "uid": "1"}, {"kind": "B", "uid": "2", "controller": true}]},
  "status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "t0", "reason": "r"}]}})");

TEST(Meta, ReadsWhatEveryObjectHas) {
  EXPECT_EQ(kind(kPod), "Pod");
  EXPECT_EQ(key(kPod), "n/p");
  EXPECT_EQ(key(json::parse(R"({"metadata": {"name": "node"}})")), "node");
  EXPECT_EQ(label(kPod, "app.kubernetes.io/name"), "x");
  EXPECT_EQ(annotation(kPod, "a"), "b");
  EXPECT_EQ(annotation(kPod, "n"), "");
  EXPECT_FALSE(deleting(kPod));
  EXPECT_EQ(key(json::parse("[]")), "");
}

TEST(Meta, Owners) {
  ASSERT_NE(controller_of(kPod), nullptr);
  EXPECT_EQ(json::str(*controller_of(kPod), "kind"), "B");
  EXPECT_TRUE(owned_by(kPod, "1"));
  EXPECT_FALSE(owned_by(kPod, "3"));
  EXPECT_EQ(controller_of(json::parse("{}")), nullptr);
  EXPECT_EQ(json::dump(controller_ref(kPod)),
            R"({"apiVersion":"v1","kind":"Pod","name":"p","uid":"u","controller":true,"blockOwnerDeletion":true})");
}

TEST(Meta, AConditionsTransitionTimeChangesWithItsStatusOnly) {
  Object pod = kPod;
  EXPECT_TRUE(condition_is_true(pod, "Ready"));
  set_condition(pod, "Ready", "True", "", "m", "t1");
  EXPECT_EQ(json::dump(*condition(pod, "Ready")),
            R"({"type":"Ready","status":"True","lastTransitionTime":"t0","message":"m"})");
  set_condition(pod, "Ready", "False", "why", "", "t2");
  EXPECT_EQ(json::str(*condition(pod, "Ready"), "lastTransitionTime"), "t2");
  set_condition(pod, "New", "Unknown", "", "", "t3");
  EXPECT_EQ(json::list(pod, "status.conditions").size(), 2U);
  EXPECT_FALSE(condition_is_true(pod, "New"));
  EXPECT_EQ(condition(pod, "Other"), nullptr);
}

TEST(Meta, GroupVersion) {
  EXPECT_EQ(group_version("apps/v1"), (std::pair<std::string, std::string>("apps", "v1")));
  EXPECT_EQ(group_version("v1"), (std::pair<std::string, std::string>("", "v1")));
}

}  // namespace
}  // namespace spoke::kube
