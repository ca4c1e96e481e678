#include "cluster/api/eviction.h"

#include "cluster/store/test_store.h"
#include "kube/status.h"

namespace spoke::cluster {
namespace {

using kube::Object;
using net::Task;

Object pod(bool ready, const char* phase = "Running") {
  return json::object{
      {"metadata", json::object{{"name", "p"}, {"namespace", "ns"}, {"labels", json::object{{"app", "x"}}}}},
      {"status", json::object{{"phase", phase},
                              {"conditions",
                               json::array{json::object{{"type", "Ready"}, {"status", ready ? "True" : "False"}}}}}}};
}

Object budget(const char* spec) {
  Object out = json::object{{"metadata", json::object{{"name", "b"}, {"namespace", "ns"}, {"generation", 3}}},
                            {"spec", json::parse(spec)}};
  json::set(out, "spec.selector", json::parse(R"({"matchLabels":{"app":"x"}})"));
  return out;
}

std::int64_t allowed(const char* spec, int ready, int not_ready) {
  std::vector<Object> pods;
  for (int i = 0; i < ready; ++i) pods.push_back(pod(true));
  for (int i = 0; i < not_ready; ++i) pods.push_back(pod(false));
  return json::num(budget_status(budget(spec), pods, "2026-01-01T00:00:00Z"), "disruptionsAllowed");
}

TEST(BudgetTest, NumbersAndPercentsOfThePods) {
  EXPECT_EQ(allowed(R"({"minAvailable":2})", 3, 0), 1);
  EXPECT_EQ(allowed(R"({"minAvailable":2})", 1, 2), 0);
  EXPECT_EQ(allowed(R"({"minAvailable":"50%"})", 3, 0), 1);  // of three two must stay
  EXPECT_EQ(allowed(R"({"maxUnavailable":1})", 2, 1), 0);
  EXPECT_EQ(allowed(R"({"maxUnavailable":"50%"})", 4, 0), 2);
  EXPECT_EQ(allowed(R"({"maxUnavailable":"100%"})", 2, 0), 2);
  EXPECT_EQ(allowed(R"({"minAvailable":0})", 0, 0), 0);
}

TEST(BudgetTest, WhatHasEndedIsNotExpected) {
  const json::value status =
      budget_status(budget(R"({"minAvailable":1})"), {pod(true), pod(false, "Succeeded")}, "2026-01-01T00:00:00Z");
  EXPECT_EQ(json::num(status, "expectedPods"), 1);
  EXPECT_EQ(json::num(status, "observedGeneration"), 3);
  EXPECT_EQ(json::str(json::list(status, "conditions")[0], "reason"), "InsufficientPods");
}

TEST(EvictionTest, ABudgetKeepsTheLastHealthyPod) {
  const TempDir dir;
  testing::with_store(dir.path() / "objects.sqlite", [](Store& store) -> Task<> {
    co_await testing::put(store, "core/pods/ns/p", json::dump(pod(true)));
    EXPECT_NO_THROW(check_eviction(store, pod(true)));
    co_await testing::put(store, "policy/poddisruptionbudgets/ns/b", json::dump(budget(R"({"minAvailable":1})")));
    try {
      check_eviction(store, pod(true));
      ADD_FAILURE() << "the last healthy pod was let go";
    } catch (const kube::StatusError& e) {
      EXPECT_EQ(e.code(), 429);
    }
    EXPECT_NO_THROW(check_eviction(store, pod(false, "Pending")));
    EXPECT_NO_THROW(check_eviction(store, pod(false)));  // the budget's pods are healthy without it
  });
}

}  // namespace
}  // namespace spoke::cluster
