#include "cluster/api/service_addresses.h"

#include <gtest/gtest.h>

#include "kube/status.h"

namespace spoke::cluster {
namespace {

Object service(const char* spec) {
  return json::object{{"metadata", json::object{{"name", "s"}}}, {"spec", json::parse(spec)}};
}

std::string refusal(ServiceAddresses& addresses, const char* spec) {
  Object s = service(spec);
  try {
    addresses.allocate(nullptr, s);
  } catch (const kube::StatusError& e) {
    return e.message();
  }
  return "";
}

TEST(ServiceAddressesTest, EachGetsAnAddressOfItsOwnAndGivesItBack) {
  ServiceAddresses addresses("10.0.0.0/29");  // room for six
  std::set<std::string> given;
  std::vector<Object> services;
  for (int i = 0; i < 6; ++i) {
    services.push_back(service(R"({"type":"ClusterIP"})"));
    addresses.allocate(nullptr, services.back());
    given.emplace(json::str(services.back(), "spec.clusterIP"));
  }
  EXPECT_EQ(given.size(), 6U);
  EXPECT_NE(refusal(addresses, "{}").find("range is full"), std::string::npos);
  addresses.release(services[2]);
  Object again = service(R"({"type":"ClusterIP"})");
  addresses.allocate(nullptr, again);
  EXPECT_EQ(json::str(again, "spec.clusterIP"), json::str(services[2], "spec.clusterIP"));
}

TEST(ServiceAddressesTest, AnAddressThatIsNamedMustBeFreeAndInRange) {
  ServiceAddresses addresses("10.0.0.0/24");
  EXPECT_EQ(refusal(addresses, R"({"clusterIP":"10.0.0.7"})"), "");
  EXPECT_NE(refusal(addresses, R"({"clusterIP":"10.0.0.7"})").find("provided IP is already allocated"),
            std::string::npos);
  EXPECT_NE(refusal(addresses, R"({"clusterIP":"10.0.1.7"})").find("The range of valid IPs is 10.0.0.0/24"),
            std::string::npos);
  EXPECT_NE(refusal(addresses, R"({"clusterIP":"x"})").find("must be a valid IP address"), std::string::npos);
  EXPECT_EQ(refusal(addresses, R"({"clusterIP":"None"})"), "");
}

TEST(ServiceAddressesTest, NodePortsAreGivenOutAndKept) {
  ServiceAddresses addresses("10.0.0.0/24");
  Object s = service(R"({"type":"NodePort","ports":[{"port":80},{"port":81,"nodePort":30080}]})");
  addresses.allocate(nullptr, s);
  const auto port = json::num(json::list(s, "spec.ports")[0], "nodePort");
  EXPECT_GE(port, 30000);
  EXPECT_NE(port, 30080);
  EXPECT_NE(refusal(addresses, R"({"type":"NodePort","ports":[{"port":80,"nodePort":30080}]})")
                .find("provided port is already allocated"),
            std::string::npos);
  EXPECT_NE(refusal(addresses, R"({"type":"NodePort","ports":[{"port":80,"nodePort":80}]})").find("30000-32767"),
            std::string::npos);
  Object after = s;
  EXPECT_NO_THROW(addresses.allocate(&s, after));
  EXPECT_EQ(after, s);
}

TEST(ServiceAddressesTest, ARefusedUpdateLosesNothing) {
  ServiceAddresses addresses("10.0.0.0/24");
  Object s = service(R"({"type":"ClusterIP","clusterIP":"10.0.0.7"})");
  addresses.allocate(nullptr, s);
  Object wrong = service(R"({"type":"NodePort","clusterIP":"10.0.0.7","ports":[{"port":80,"nodePort":1}]})");
  EXPECT_THROW(addresses.allocate(&s, wrong), kube::StatusError);
  EXPECT_NE(refusal(addresses, R"({"clusterIP":"10.0.0.7"})"), "");
}

}  // namespace
}  // namespace spoke::cluster
