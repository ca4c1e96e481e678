#include "cluster/api/quota.h"

#include <gtest/gtest.h>

namespace spoke::cluster {
namespace {

using kube::Quantity;

const Catalog& catalog() {
  static const Catalog all;
  return all;
}
const ResourceType& pods() { return *catalog().find("", "v1", "pods"); }

Object pod(const char* resources, const char* phase = "Pending") {
  Object out = json::object{{"metadata", json::object{{"name", "p"}}}, {"status", json::object{{"phase", phase}}}};
  json::set(out, "spec.containers", json::array{json::object{{"name", "c"}, {"resources", json::parse(resources)}}});
  return out;
}

Object quota(const char* hard, const char* more = "{}") {
  Object out = json::object{{"metadata", json::object{{"name", "q"}}}, {"spec", json::parse(more)}};
  json::set(out, "spec.hard", json::parse(hard));
  return out;
}

TEST(UsageTest, APodCountsItselfAndWhatItAsksFor) {
  const Usage usage = usage_of(pods(), pod(R"({"requests":{"cpu":"500m"},"limits":{"memory":"1Gi"}})"));
  EXPECT_EQ(usage.at("pods"), Quantity::of(1));
  EXPECT_EQ(usage.at("count/pods"), Quantity::of(1));
  EXPECT_EQ(usage.at("cpu"), Quantity::of_milli(500));
  EXPECT_EQ(usage.at("limits.memory"), Quantity::of(1 << 30));
}

TEST(UsageTest, APodThatHasEndedIsCountedAsAnObjectOnly) {
  const Usage usage = usage_of(pods(), pod(R"({"requests":{"cpu":"1"}})", "Succeeded"));
  EXPECT_FALSE(usage.contains("pods"));
  EXPECT_TRUE(usage.contains("count/pods"));
}

TEST(UsageTest, KindsOfOtherGroupsAreCountedByTheirFullName) {
  EXPECT_TRUE(usage_of(*catalog().find("coordination.k8s.io", "v1", "leases"), json::object())
                  .contains("count/leases.coordination.k8s.io"));
}

TEST(QuotaTest, RefusesWhatWouldExceedItAndSaysByHowMuch) {
  const Object q = quota(R"({"pods":"2","requests.cpu":"1500m"})");
  const Usage used{{"pods", Quantity::of(1)}, {"requests.cpu", Quantity::of(1)}};
  EXPECT_EQ(quota_refusal(q, used, pods(), pod(R"({"requests":{"cpu":"500m"}})")), "");
  EXPECT_EQ(quota_refusal(q, used, pods(), pod(R"({"requests":{"cpu":"600m"}})")),
            "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=1, limited: requests.cpu=1500m");
}

TEST(QuotaTest, APodMustSayWhatIsCounted) {
  EXPECT_EQ(quota_refusal(quota(R"({"requests.cpu":"1"})"), {}, pods(), pod("{}")),
            "failed quota: q: must specify requests.cpu for: c");
}

TEST(QuotaTest, ScopesLeaveOutPodsOfAnotherSort) {
  const Object q = quota(R"({"pods":"0"})", R"({"scopes":["BestEffort"]})");
  EXPECT_NE(quota_refusal(q, {}, pods(), pod("{}")), "");
  EXPECT_EQ(quota_refusal(q, {}, pods(), pod(R"({"requests":{"cpu":"1"}})")), "");
}

TEST(QuantityTextTest, KeepsTheFormOfTheLimit) {
  EXPECT_EQ(quantity_text(Quantity::of_milli(1500), "2"), "1500m");
  EXPECT_EQ(quantity_text(Quantity::of(3LL << 30), "8Gi"), "3Gi");
  EXPECT_EQ(quantity_text(Quantity(), "8Gi"), "0");
}

}  // namespace
}  // namespace spoke::cluster
