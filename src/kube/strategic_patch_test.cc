#include <gtest/gtest.h>

#include "kube/patch.h"
#include "kube/test_refusal.h"

namespace spoke::kube {
namespace {

std::string patched(const std::string& document, const std::string& patch, std::string_view kind = "Pod") {
  const SchemaPtr schema = builtin_schema(kind == "Deployment" ? "apps/v1" : "v1", kind);
  std::string out;
  const std::string refused =
      refusal([&] { out = json::dump(strategic_merge_patch(*schema, json::parse(document), json::parse(patch))); });
  return refused.empty() ? out : refused;
}

// The containers' names and images, as they stand then.
std::string containers(const std::string& live, const std::string& spec_patch) {
  const std::string out = patched(R"({"spec":{"containers":)" + live + "}}", R"({"spec":)" + spec_patch + "}");
  return out.starts_with('{') ? json::dump(*json::find(json::parse(out), "spec.containers")) : out;
}

std::string finalizers(const std::string& live, const std::string& metadata_patch) {
  const std::string out =
      patched(R"({"metadata":{"finalizers":)" + live + "}}", R"({"metadata":)" + metadata_patch + "}");
  return out.starts_with('{') ? json::dump(*json::find(json::parse(out), "metadata.finalizers")) : out;
}

TEST(StrategicPatch, MapsMergeAndNullsDelete) {
  EXPECT_EQ(patched(R"({"metadata":{"labels":{"a":"1","b":"2"}}})", R"({"metadata":{"labels":{"a":null,"c":"3"}}})"),
            R"({"metadata":{"labels":{"b":"2","c":"3"}}})");
  EXPECT_EQ(patched("{}", R"({"metadata":{"labels":{"a":null}}})"), R"({"metadata":{"labels":{}}})");
  EXPECT_EQ(patched(R"({"a":1})", "null"), R"({"a":1})");
}

TEST(StrategicPatch, ListsMergeByTheirKey) {
  EXPECT_EQ(containers(R"([{"name":"a","image":"1"},{"name":"b","image":"1"}])",
                       R"({"containers":[{"name":"b","image":"2"},{"name":"c"}]})"),
            R"([{"name":"a","image":"1"},{"name":"b","image":"2"},{"name":"c"}])");
  EXPECT_EQ(containers(R"([{"name":"a","ports":[{"containerPort":80},{"containerPort":81}]}])",
                       R"({"containers":[{"name":"a","ports":[{"containerPort":81,"name":"x"}]}]})"),
            R"([{"name":"a","ports":[{"containerPort":80},{"containerPort":81,"name":"x"}]}])");
}

TEST(StrategicPatch, ListsWithoutAKeyAreReplaced) {
  EXPECT_EQ(patched(R"({"spec":{"tolerations":[{"key":"a"}]}})", R"({"spec":{"tolerations":[{"key":"b"}]}})"),
            R"({"spec":{"tolerations":[{"key":"b"}]}})");
  EXPECT_EQ(containers(R"([{"name":"a","args":["x"]}])", R"({"containers":[{"name":"a","args":["y"]}]})"),
            R"([{"name":"a","args":["y"]}])");
}

TEST(StrategicPatch, DirectivesInLists) {
  const char* live = R"([{"name":"a"},{"name":"b"}])";
  EXPECT_EQ(containers(live, R"({"containers":[{"name":"a","$patch":"delete"}]})"), R"([{"name":"b"}])");
  EXPECT_EQ(containers(live, R"({"containers":[{"name":"c"},{"$patch":"replace"}]})"), R"([{"name":"c"}])");
  EXPECT_EQ(containers(live, R"({"containers":[{"name":"a","$patch":"merge"}]})"),
            "500 : merging lists cannot yet be specified in the patch");
  EXPECT_EQ(containers(live, R"({"containers":[{"name":"a","$patch":"x"}]})"),
            "500 : unknown patch type: x in map: map[$patch:x name:a]");
  EXPECT_EQ(patched("{}", R"({"spec":{"containers":[{"name":"a"},{"name":"b","$patch":"delete"}]}})"),
            R"({"spec":{"containers":[{"name":"a"}]}})");
}

TEST(StrategicPatch, DirectivesInMaps) {
  const char* live = R"({"metadata":{"labels":{"a":"1"}}})";
  EXPECT_EQ(patched(live, R"({"metadata":{"labels":{"$patch":"replace","b":"2"}}})"),
            R"({"metadata":{"labels":{"b":"2"}}})");
  EXPECT_EQ(patched(live, R"({"metadata":{"labels":{"$patch":"delete"}}})"), R"({"metadata":{"labels":{}}})");
  EXPECT_EQ(patched(live, R"({"metadata":{"labels":{"$patch":"merge"}}})"),
            "500 : unknown patch type: merge in map: map[$patch:merge]");
  EXPECT_EQ(patched(live, R"({"$patch":1.5})"), "500 : unknown patch type: %!s(float64=1.5) in map: map[$patch:1.5]");
}

TEST(StrategicPatch, PrimitiveListsMergeAndParallelListsDelete) {
  EXPECT_EQ(finalizers(R"(["a","b"])", R"({"finalizers":["c","a"]})"), R"(["c","a","b"])");
  EXPECT_EQ(finalizers(R"(["a","b","c"])", R"({"$deleteFromPrimitiveList/finalizers":["a","c"]})"), R"(["b"])");
  EXPECT_EQ(finalizers(R"(["a","b"])", R"({"finalizers":["c"],"$deleteFromPrimitiveList/finalizers":["a"],
                                           "$setElementOrder/finalizers":["c","b"]})"),
            R"(["c","b"])");
  EXPECT_EQ(patched(R"({"metadata":{}})", R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}})"),
            R"({"metadata":{}})");
}

TEST(StrategicPatch, SetElementOrderSortsAndLeavesTheServersItemsInPlace) {
  EXPECT_EQ(
      containers(
          R"([{"name":"a"},{"name":"sidecar"},{"name":"b"}])",
          R"({"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a","image":"2"}]})"),
      R"([{"name":"sidecar"},{"name":"b"},{"name":"a","image":"2"}])");
  EXPECT_EQ(finalizers(R"(["a","b","c"])", R"({"$setElementOrder/finalizers":["c","a"]})"), R"(["b","c","a"])");
  EXPECT_EQ(containers(R"([{"name":"a"},{"name":"server"}])",
                       R"({"$setElementOrder/containers":[{"name":"new"}],
                           "containers":[{"name":"new"},{"name":"a","$patch":"delete"}]})"),
            R"([{"name":"server"},{"name":"new"}])");
}

TEST(StrategicPatch, SetElementOrderMustAgreeWithThePatch) {
  EXPECT_EQ(finalizers(R"(["a"])", R"({"$setElementOrder/finalizers":["a","b"],"finalizers":["b","a"]})"),
            "500 : The order in patch list:\n[b a]\n doesn't match $setElementOrder list:\n[a b]\n");
  EXPECT_EQ(finalizers(R"(["a"])", R"({"$setElementOrder/finalizers":"x"})"),
            "500 : expected a []interface {}, but received a string");
  EXPECT_EQ(finalizers(R"(["a"])", R"({"$setElementOrder":["x"]})"),
            "400 BadRequest: invalid patch format of setElementOrder list");
  EXPECT_EQ(finalizers(R"(["a"])", R"({"$setElementOrder/nosuch":["x"]})"),
            "500 : unable to find api field in struct ObjectMeta for the json field \"nosuch\"");
}

TEST(StrategicPatch, RetainKeysClearsTheRest) {
  const char* live = R"({"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}})";
  EXPECT_EQ(patched(live, R"({"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}})", "Deployment"),
            R"({"spec":{"strategy":{"type":"Recreate"}}})");
  EXPECT_EQ(patched(live, R"({"spec":{"strategy":{"$retainKeys":["x"],"type":"Recreate"}}})", "Deployment"),
            "400 BadRequest: invalid patch format of retainKeys");
  EXPECT_EQ(patched(live, R"({"spec":{"strategy":{"$retainKeys":"type"}}})", "Deployment"),
            "400 BadRequest: invalid patch format of retainKeys");
}

TEST(StrategicPatch, RefusesMalformedLists) {
  EXPECT_EQ(containers(R"([{"name":"a"}])", R"({"containers":[{"image":"x"}]})"),
            "500 : map: map[image:x] does not contain declared merge key: name");
  EXPECT_EQ(containers(R"([{"name":"a"}])", R"({"containers":["x"]})"),
            "500 : list element types are not identical: [[map[name:a]] [x]]");
  EXPECT_EQ(finalizers(R"([["a"]])", R"({"finalizers":[["b"]]})"),
            "422 Invalid: the server rejected our request due to an error in our request");
  EXPECT_EQ(finalizers(R"(["a"])", R"({"$deleteFromPrimitiveList":["a"]})"),
            "400 BadRequest: invalid patch format of primitive list");
  EXPECT_EQ(patched("{}", "[]"),
            "400 BadRequest: json: cannot unmarshal array into Go value of type map[string]interface {}");
}

TEST(StrategicPatch, WhatTheSchemaDoesNotKnowMergesAsJson) {
  const Schema anything;
  const auto merge = [&](const char* document, const char* patch) {
    return json::dump(strategic_merge_patch(anything, json::parse(document), json::parse(patch)));
  };
  EXPECT_EQ(merge(R"({"a":{"b":1,"l":[{"name":"x"}]}})", R"({"a":{"c":2,"l":[{"name":"y"}]}})"),
            R"({"a":{"b":1,"l":[{"name":"y"}],"c":2}})");
}

TEST(StrategicPatch, LargeListsMergeInLinearTime) {
  json::array items;
  for (int i = 0; i < 100'000; ++i) items.push_back(json::object{{"name", std::to_string(i)}});
  const json::value document = json::object{{"spec", json::object{{"containers", items}}}};
  const json::value patch =
      json::object{{"spec", json::object{{"containers", items}, {"$setElementOrder/containers", items}}}};
  EXPECT_EQ(strategic_merge_patch(*builtin_schema("v1", "Pod"), document, patch), document);
}

}  // namespace
}  // namespace spoke::kube
