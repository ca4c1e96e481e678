#include "cluster/sched/schedule.h"

#include <gtest/gtest.h>

namespace spoke::cluster {
namespace {

using kube::Object;
using kube::Quantity;

Object node(const char* name, const char* extra = "{}") {
  Object out = json::parse(extra);
  json::set(out, "metadata.name", name);
  if (json::find(out, "status.allocatable") == nullptr)
    json::set(out, "status.allocatable", json::object{{"cpu", "2"}, {"memory", "1Gi"}, {"pods", "3"}});
  return out;
}

Object pod(const char* requests = "{}", const char* spec = "{}") {
  Object out = json::object{{"metadata", json::object{{"name", "p"}}}, {"spec", json::parse(spec)}};
  json::set(out, "spec.containers",
            json::array{json::object{{"name", "c"}, {"resources", json::object{{"requests", json::parse(requests)}}}}});
  return out;
}

TEST(RequestTest, TheLargestInitContainerCountsWhereItIsMore) {
  Object p = pod(R"({"cpu":"500m"})");
  json::set(p, "spec.initContainers",
            json::parse(R"([{"resources":{"requests":{"cpu":"2"}}},{"resources":{"requests":{"cpu":"1"}}}])"));
  EXPECT_EQ(requested(p, "cpu"), Quantity::of(2));
  json::set(p, "spec.initContainers",
            json::parse(R"([{"restartPolicy":"Always","resources":{"requests":{"cpu":"250m"}}}])"));
  EXPECT_EQ(requested(p, "cpu"), Quantity::of_milli(750));
}

TEST(PlaceTest, GoesToTheNodeWithTheFewestPods) {
  const Object other = pod();
  EXPECT_EQ(place(pod(), {{node("a"), {&other}}, {node("b"), {}}}).node, "b");
}

TEST(PlaceTest, SaysWhyNoNodeWillDo) {
  const Object large = pod(R"({"cpu":"1500m"})");
  const Placement none = place(large, {{node("a"), {&large}}, {node("b", R"({"spec":{"unschedulable":true}})"), {}}});
  EXPECT_EQ(none.node, "");
  EXPECT_EQ(none.message.find("0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable."), 0U)
      << none.message;
}

TEST(PlaceTest, NoNodesAtAll) { EXPECT_FALSE(place(pod(), {}).message.empty()); }

TEST(PlaceTest, ANodeIsFullOfPodsBeforeItIsOutOfMemory) {
  const Object small = pod();
  EXPECT_NE(place(pod(), {{node("a"), {&small, &small, &small}}}).message.find("Too many pods"), std::string::npos);
}

TEST(PlaceTest, TaintsKeepOutWhatDoesNotTolerateThem) {
  const std::vector<NodeView> tainted{
      {node("a", R"({"spec":{"taints":[{"key":"k","value":"v","effect":"NoSchedule"}]}})"), {}}};
  EXPECT_NE(place(pod(), tainted).message.find("untolerated taint {k: v}"), std::string::npos);
  EXPECT_EQ(place(pod("{}", R"({"tolerations":[{"key":"k","operator":"Exists"}]})"), tainted).node, "a");
  EXPECT_EQ(place(pod("{}", R"({"tolerations":[{"operator":"Exists"}]})"), tainted).node, "a");
  EXPECT_EQ(place(pod("{}", R"({"tolerations":[{"key":"k","value":"other"}]})"), tainted).node, "");
}

TEST(PlaceTest, SelectorsAndRequiredAffinityMustMatch) {
  const std::vector<NodeView> nodes{{node("a", R"({"metadata":{"labels":{"disk":"ssd","cores":"8"}}})"), {}}};
  EXPECT_EQ(place(pod("{}", R"({"nodeSelector":{"disk":"ssd"}})"), nodes).node, "a");
  EXPECT_EQ(place(pod("{}", R"({"nodeSelector":{"disk":"hdd"}})"), nodes).node, "");
  const auto affinity = [](const std::string& term) {
    return R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)" +
           term + "]}}}}";
  };
  EXPECT_EQ(
      place(pod("{}", affinity(R"({"matchExpressions":[{"key":"cores","operator":"Gt","values":["4"]}]})").c_str()),
            nodes)
          .node,
      "a");
  EXPECT_EQ(
      place(pod("{}", affinity(R"({"matchExpressions":[{"key":"cores","operator":"Lt","values":["4"]}]})").c_str()),
            nodes)
          .node,
      "");
  EXPECT_EQ(
      place(pod("{}", affinity(R"({"matchFields":[{"key":"metadata.name","operator":"In","values":["a"]}]})").c_str()),
            nodes)
          .node,
      "a");
}

TEST(PlaceTest, APortOfTheHostIsForOnePod) {
  Object p = pod();
  json::set(p, "spec.containers", json::parse(R"([{"name":"c","ports":[{"containerPort":80,"hostPort":80}]}])"));
  EXPECT_NE(place(p, {{node("a"), {&p}}}).message.find("free ports"), std::string::npos);
}

}  // namespace
}  // namespace spoke::cluster
