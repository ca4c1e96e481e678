#include "cluster/node/services.h"

#include <gtest/gtest.h>

#include "data/yaml.h"

namespace spoke::cluster {
namespace {

kube::Object service(std::string_view name, std::string_view spec) {
  json::value s = json::object{{"metadata", json::object{{"name", name}, {"namespace", "ns"}}}};
  json::set(s, "spec", yaml::parse(spec));
  return s;
}

kube::Object slice(std::string_view name, std::string_view of, std::string_view rest) {
  json::value s = yaml::parse(rest);
  json::set(
      s, "metadata",
      json::object{{"name", name}, {"namespace", "ns"}, {"labels", json::object{{"kubernetes.io/service-name", of}}}});
  return s;
}

std::string words(const std::vector<ServicePort>& routes) {
  std::string out;
  for (const auto& r : routes) {
    out += fmt::format("{}{} {}/{} ->", out.empty() ? "" : "; ", r.ip, r.port, r.protocol);
    for (const auto& [ip, port] : r.endpoints) out += fmt::format(" {}:{}", ip, port);
  }
  return out;
}

TEST(ServiceTable, RoutesClusterIpsToReadyEndpoints) {
  ServiceTable t;
  const auto web =
      service("web", "{clusterIP: 10.86.0.9, ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]}");
  const auto slice1 = slice("web-1", "web", R"(
    addressType: IPv4
    ports: [{name: http, port: 8080}, {name: dns, port: 5353, protocol: UDP}]
    endpoints: [{addresses: [10.85.0.2]}, {addresses: [10.85.0.3], conditions: {ready: true}}, {addresses: [10.85.0.4], conditions: {ready: false}}]
  )");
  t.slice_changed(nullptr, &slice1);  // in whatever order they come
  EXPECT_EQ(words(t.routes()), "");
  t.service_changed(nullptr, &web);
  EXPECT_EQ(words(t.routes()),
            "10.86.0.9 80/tcp -> 10.85.0.2:8080 10.85.0.3:8080; 10.86.0.9 53/udp -> 10.85.0.2:5353 10.85.0.3:5353");

  const auto slice2 =
      slice("web-2", "web", "{ports: [{name: http, port: 8081}], endpoints: [{addresses: [10.85.0.5]}]}");
  t.slice_changed(nullptr, &slice2);
  t.slice_changed(&slice1, nullptr);
  EXPECT_EQ(words(t.routes()), "10.86.0.9 80/tcp -> 10.85.0.5:8081");
  t.service_changed(&web, nullptr);
  EXPECT_EQ(words(t.routes()), "");
}

TEST(ServiceTable, HeadlessOnesHaveNoRouteButNames) {
  ServiceTable t;
  const auto driver = service("driver", "{clusterIP: None, ports: [{name: rpc, port: 7078}]}");
  const auto s = slice("d", "driver",
                       "{endpoints: [{addresses: [10.85.0.2], hostname: Driver}, {addresses: [10.85.0.3], conditions: "
                       "{ready: false}}]}");
  t.service_changed(nullptr, &driver);
  t.slice_changed(nullptr, &s);
  EXPECT_EQ(words(t.routes()), "");
  const auto found = t.find("ns", "driver");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->endpoints.size(), 1U);
  EXPECT_EQ(found->endpoints[0].hostname, "driver");
  EXPECT_TRUE(t.has_namespace("ns"));
  EXPECT_FALSE(t.has_namespace("n"));
  EXPECT_FALSE(t.find("ns", "other"));

  const auto eager = service("driver", "{clusterIP: None, publishNotReadyAddresses: true}");
  t.service_changed(&driver, &eager);
  EXPECT_EQ(t.find("ns", "driver")->endpoints.size(), 2U);
}

TEST(ServiceTable, TakesWhateverComes) {
  ServiceTable t;
  for (const char* odd : {"{}", "{addressType: IPv6, endpoints: [{addresses: ['fd00::1']}]}",
                          "{endpoints: [{}, {addresses: []}, {addresses: [7]}]}", "{endpoints: {}, ports: 3}"}) {
    const auto s = slice("s", "web", odd);
    t.slice_changed(nullptr, &s);
  }
  const auto s = service("web", "{ports: [{}], clusterIP: 10.86.0.9}");
  t.service_changed(nullptr, &s);
  EXPECT_EQ(words(t.routes()), "");
}

NodeOptions options() { return {}; }

TEST(NetworkRules, OfServices) {
  const std::vector<ServicePort> ports = {
      {"10.86.0.9", "tcp", 80, {{"10.85.0.2", 8080}, {"10.85.0.3", 8080}, {"10.85.0.4", 8080}}},
      {"10.86.0.9", "udp", 53, {{"10.85.0.2", 5353}}}};
  EXPECT_EQ(service_rules(options(), ports),
            "*nat\n"
            ":SPOKE-SERVICES - [0:0]\n"
            ":SPOKE-HAIRPIN - [0:0]\n"
            "-A SPOKE-SERVICES -d 10.86.0.9/32 -p tcp --dport 80 -m statistic --mode random --probability 0.33333333 "
            "-j DNAT --to-destination 10.85.0.2:8080\n"
            "-A SPOKE-SERVICES -d 10.86.0.9/32 -p tcp --dport 80 -m statistic --mode random --probability 0.50000000 "
            "-j DNAT --to-destination 10.85.0.3:8080\n"
            "-A SPOKE-SERVICES -d 10.86.0.9/32 -p tcp --dport 80 -j DNAT --to-destination 10.85.0.4:8080\n"
            "-A SPOKE-SERVICES -d 10.86.0.9/32 -p udp --dport 53 -j DNAT --to-destination 10.85.0.2:5353\n"
            "-A SPOKE-HAIRPIN -s 10.85.0.2/32 -d 10.85.0.2/32 -j MASQUERADE\n"
            "-A SPOKE-HAIRPIN -s 10.85.0.3/32 -d 10.85.0.3/32 -j MASQUERADE\n"
            "-A SPOKE-HAIRPIN -s 10.85.0.4/32 -d 10.85.0.4/32 -j MASQUERADE\n"
            "COMMIT\n");
  EXPECT_EQ(service_rules(options(), {}), "*nat\n:SPOKE-SERVICES - [0:0]\n:SPOKE-HAIRPIN - [0:0]\nCOMMIT\n");
}

TEST(NetworkRules, OfTheMachine) {
  EXPECT_EQ(network_rules(options()),
            "*nat\n"
            ":SPOKE-POSTROUTING - [0:0]\n"
            "-A SPOKE-POSTROUTING -s 10.85.0.0/16 ! -d 10.85.0.0/16 -j MASQUERADE\n"
            "COMMIT\n"
            "*filter\n"
            ":SPOKE-FORWARD - [0:0]\n"
            ":SPOKE-INPUT - [0:0]\n"
            ":SPOKE-OUTPUT - [0:0]\n"
            "-A SPOKE-FORWARD -d 10.86.0.0/16 -p tcp -j REJECT --reject-with tcp-reset\n"
            "-A SPOKE-FORWARD -d 10.86.0.0/16 -j REJECT\n"
            "-A SPOKE-FORWARD -i spoke0 -j ACCEPT\n"
            "-A SPOKE-FORWARD -o spoke0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
            "-A SPOKE-INPUT -i spoke0 -j ACCEPT\n"
            "-A SPOKE-OUTPUT -d 10.86.0.0/16 -p tcp -j REJECT --reject-with tcp-reset\n"
            "-A SPOKE-OUTPUT -d 10.86.0.0/16 -j REJECT\n"
            "COMMIT\n");
}

TEST(NetworkRules, ChainsAreNamedAfterTheBridge) {
  NodeOptions other;
  other.bridge = "br7";
  EXPECT_EQ(chain_name(other, "SERVICES"), "SPOKE-br7-SERVICES");
  other.bridge = "a-long-bridge-1";
  EXPECT_THROW(chain_name(other, "POSTROUTING"), Error);
}

}  // namespace
}  // namespace spoke::cluster
