#include "submit/connect.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "spark/connect.h"

namespace spoke::submit {
namespace {

spark::DriverObjects server(const std::string& name, const std::string& version, spark::Properties more = {}) {
  spark::Submission s;
  s.rules = spark::rules_for(version);
  more["spark.master"] = "k8s://https://host";
  more["spark.kubernetes.container.image"] = "spark:" + version;
  s.conf = spark::Conf(std::move(more));
  s.resource = "spark-internal";
  configure_connect_server(s.conf, s.rules, name);
  s.main_class = spark::kConnectServerClass;
  s.ids = spark::Ids::draw(std::string(spark::Ids::kRandomBytes, 'x'), Time());
  spark::DriverObjects driver = spark::build_driver(s);
  add_connect_service(driver);
  return driver;
}

const json::value& service(const spark::DriverObjects& driver, std::string_view name) {
  for (const auto& object : driver.resources)
    if (kube::kind(object) == "Service" && (name.empty() || kube::name(object) == name)) return object;
  throw Error("no such Service");
}

TEST(Connect, AServerIsADriverWithAServiceOfALastingName) {
  const auto driver = server("team", "4.1.4");
  EXPECT_EQ(kube::name(driver.pod), "team-server");
  EXPECT_EQ(connect_name(driver.pod), "team");
  EXPECT_EQ(connect_port(driver.pod), 15002);
  const auto& ours = service(driver, "team-server");
  EXPECT_EQ(json::num(json::list(ours, "spec.ports").front(), "port"), 15002);
  for (const auto& [label, value] : json::find(ours, "spec.selector")->get_object())
    EXPECT_EQ(kube::label(driver.pod, std::string_view(label)), value.get_string());
  EXPECT_EQ(json::find(ours, "spec.clusterIP"), nullptr);
  const auto& container = json::list(driver.pod, "spec.containers").back();
  EXPECT_EQ(json::num(container, "readinessProbe.tcpSocket.port"), 15002);
  EXPECT_EQ(json::list(container, "args").at(4), json::value(spark::kConnectServerClass));
  // Executors look for the driver before the server is ready.
  EXPECT_TRUE(json::flag(service(driver, ""), "spec.publishNotReadyAddresses"));
}

TEST(Connect, ThePortIsThatOfTheProperty) {
  const auto driver = server("team", "4.1.4", {{"spark.connect.grpc.binding.port", "16000"}});
  EXPECT_EQ(connect_port(driver.pod), 16000);
  EXPECT_EQ(json::num(json::list(service(driver, "team-server"), "spec.ports").front(), "targetPort"), 16000);
  EXPECT_THROW(server("team", "4.1.4", {{"spark.connect.grpc.binding.port", "0"}}), Error);
}

TEST(Connect, BeforeSpark4TheServerIsAPackage) {
  EXPECT_EQ(server("team", "3.5.8").properties.at("spark.jars.packages"), "org.apache.spark:spark-connect_2.12:3.5.8");
  EXPECT_EQ(server("team", "3.5.8", {{"spark.jars.packages", "a:b:1"}}).properties.at("spark.jars.packages"),
            "a:b:1,org.apache.spark:spark-connect_2.12:3.5.8");
  const std::string own = "org.apache.spark:spark-connect_2.13:3.5.7";
  EXPECT_EQ(server("team", "3.5.8", {{"spark.jars.packages", own}}).properties.at("spark.jars.packages"), own);
  EXPECT_FALSE(server("team", "4.0.0").properties.contains("spark.jars.packages"));
}

TEST(Connect, ANameThatIsNoneIsRefused) {
  for (const char* name : {"", "Team", "a.b", "-x", "1st", "a b"}) EXPECT_THROW(server(name, "4.1.4"), Error) << name;
  EXPECT_THROW(server(std::string(60, 'a'), "4.1.4"), Error);
}

TEST(Connect, ReadyMeansReadyAndNotOnItsWayOut) {
  kube::Object pod = json::parse(R"({"metadata": {}, "status": {"phase": "Running", "conditions": []}})");
  EXPECT_FALSE(connect_ready(pod));
  kube::set_condition(pod, "Ready", "True", "", "", "2026-01-01T00:00:00Z");
  EXPECT_TRUE(connect_ready(pod));
  json::set(pod, "metadata.deletionTimestamp", "2026-01-01T00:00:00Z");
  EXPECT_FALSE(connect_ready(pod));
  EXPECT_TRUE(connect_ended(pod));
}

}  // namespace
}  // namespace spoke::submit
