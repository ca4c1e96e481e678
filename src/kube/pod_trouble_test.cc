#include "kube/pod_trouble.h"

#include <gtest/gtest.h>

#include "data/yaml.h"

namespace spoke::kube {
namespace {

Object pod(const std::string& status) { return yaml::parse("{status: " + status + "}"); }

TEST(PodTrouble, IsWhatHoldsAPodUp) {
  EXPECT_EQ(
      pod_trouble(pod("{containerStatuses: [{state: {waiting: {reason: ErrImagePull, message: 'no such image'}}}]}")),
      "ErrImagePull: no such image");
  EXPECT_EQ(pod_trouble(pod(
                "{conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/1 nodes'}]}")),
            "Unschedulable: 0/1 nodes");
  EXPECT_EQ(pod_trouble(pod("{initContainerStatuses: [{state: {waiting: {reason: CrashLoopBackOff}}}]}")),
            "CrashLoopBackOff");
  EXPECT_EQ(pod_trouble(pod("{phase: Failed, reason: Evicted, message: disk}")), "Evicted: disk");
}

TEST(PodTrouble, WaitingForTheUsualIsNone) {
  EXPECT_EQ(pod_trouble(pod("{containerStatuses: [{state: {waiting: {reason: ContainerCreating}}}]}")), "");
  EXPECT_EQ(pod_trouble(pod("{containerStatuses: [{state: {waiting: {reason: PodInitializing}}}]}")), "");
  EXPECT_EQ(pod_trouble(pod("{phase: Running}")), "");
}

}  // namespace
}  // namespace spoke::kube
