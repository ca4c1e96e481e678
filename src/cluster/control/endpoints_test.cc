#include "cluster/control/endpoints.h"

#include <gtest/gtest.h>

namespace spoke::cluster {
namespace {

using kube::Object;

Object service(const char* spec) {
  return json::object{{"metadata", json::object{{"name", "web"}, {"namespace", "ns"}, {"uid", "u"}}},
                      {"spec", json::parse(spec)}};
}

Object pod(const char* name, const char* ip, bool ready, const char* phase = "Running") {
  Object out = json::parse(
      R"({"spec":{"nodeName":"n","containers":[{"name":"c","ports":[{"name":"http","containerPort":8080}]}]}})");
  json::set(out, "metadata", json::object{{"name", name}, {"namespace", "ns"}});
  json::set(
      out, "status",
      json::object{{"phase", phase},
                   {"podIP", ip},
                   {"conditions", json::array{json::object{{"type", "Ready"}, {"status", ready ? "True" : "False"}}}}});
  return out;
}

const char* kWeb =
    R"({"ports":[{"name":"http","port":80,"targetPort":"http","protocol":"TCP"}],"clusterIP":"10.86.0.9"})";

TEST(EndpointsTest, ReadyAndNotReadyPodsStandApart) {
  const Object a = pod("a", "10.0.0.1", true), b = pod("b", "10.0.0.2", false);
  const ServiceEndpoints out = endpoints_of(service(kWeb), {&a, &b});
  const auto& subsets = json::list(out.endpoints, "subsets");
  ASSERT_EQ(subsets.size(), 1U);
  EXPECT_EQ(json::str(json::list(subsets[0], "addresses")[0], "ip"), "10.0.0.1");
  EXPECT_EQ(json::str(json::list(subsets[0], "notReadyAddresses")[0], "ip"), "10.0.0.2");
  EXPECT_EQ(json::num(json::list(subsets[0], "ports")[0], "port"), 8080);
  ASSERT_EQ(out.slices.size(), 1U);
  EXPECT_FALSE(json::flag(json::list(out.slices[0], "endpoints")[1], "conditions.ready", true));
}

TEST(EndpointsTest, WhatHasEndedOrHasNoAddressTakesNoPart) {
  const Object ended = pod("a", "10.0.0.1", true, "Succeeded"), homeless = pod("b", "", true);
  const ServiceEndpoints out = endpoints_of(service(kWeb), {&ended, &homeless});
  EXPECT_TRUE(json::list(out.endpoints, "subsets").empty());
  ASSERT_EQ(out.slices.size(), 1U);  // it says that there are none
  EXPECT_TRUE(json::list(out.slices[0], "endpoints").empty());
}

TEST(EndpointsTest, APodThatGoesServesOnButIsNotReady) {
  Object a = pod("a", "10.0.0.1", true);
  json::set(a, "metadata.deletionTimestamp", "2026-01-01T00:00:00Z");
  const ServiceEndpoints out = endpoints_of(service(kWeb), {&a});
  const json::value& conditions = *json::find(json::list(out.slices[0], "endpoints")[0], "conditions");
  EXPECT_EQ(conditions, json::parse(R"({"ready":false,"serving":true,"terminating":true})"));
  EXPECT_TRUE(json::list(out.endpoints, "subsets").empty());
}

TEST(EndpointsTest, PublishNotReadyAddressesTakesThemAsReady) {
  const Object a = pod("a", "10.0.0.1", false);
  const ServiceEndpoints out =
      endpoints_of(service(R"({"publishNotReadyAddresses":true,"clusterIP":"None","ports":[{"port":7078}]})"), {&a});
  EXPECT_EQ(json::list(json::list(out.endpoints, "subsets")[0], "addresses").size(), 1U);
  EXPECT_TRUE(json::members(out.endpoints, "metadata.labels").contains("service.kubernetes.io/headless"));
}

TEST(EndpointsTest, PodsWithOtherPortNumbersGetASliceOfTheirOwn) {
  Object a = pod("a", "10.0.0.1", true), b = pod("b", "10.0.0.2", true);
  json::set(b, "spec.containers", json::parse(R"([{"name":"c","ports":[{"name":"http","containerPort":9090}]}])"));
  EXPECT_EQ(endpoints_of(service(kWeb), {&a, &b}).slices.size(), 2U);
}

TEST(EndpointsTest, AHostnameCountsUnderTheServicesOwnName) {
  Object a = pod("a", "10.0.0.1", true);
  json::set(a, "spec.hostname", "first");
  json::set(a, "spec.subdomain", "web");
  EXPECT_EQ(json::str(json::list(endpoints_of(service(kWeb), {&a}).slices[0], "endpoints")[0], "hostname"), "first");
  json::set(a, "spec.subdomain", "other");
  EXPECT_EQ(json::str(json::list(endpoints_of(service(kWeb), {&a}).slices[0], "endpoints")[0], "hostname"), "");
}

}  // namespace
}  // namespace spoke::cluster
