#include "submit/connect.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/strings.h"
#include "kube/names.h"
#include "spark/connect.h"

namespace spoke::submit {
namespace {

constexpr std::string_view kNameLabel = "app.kubernetes.io/name", kInstanceLabel = "app.kubernetes.io/instance",
                           kOwnerLabel = "app.kubernetes.io/managed-by";
constexpr std::string_view kApp = "spark-connect", kOwner = "spoke";
constexpr std::string_view kPortAnnotation = "spoke/connect-port";

}  // namespace

std::string connect_selector(std::string_view name) {
  return fmt::format("{},{}={}", all_connect_servers(), kInstanceLabel, name);
}

std::string all_connect_servers() { return fmt::format("{}={},{}={}", kNameLabel, kApp, kOwnerLabel, kOwner); }

bool is_connect(const kube::Object& object, std::string_view name) {
  return kube::label(object, kNameLabel) == kApp && kube::label(object, kOwnerLabel) == kOwner &&
         kube::label(object, kInstanceLabel) == name;
}

void check_connect_name(const std::string& name) {
  const std::string service = connect_service(name);
  if (const auto wrong = kube::check_dns1035_label(service); name.empty() || !wrong.empty())
    fail("a Connect server cannot be called \"{}\": its Service is {}{}", name, service,
         wrong.empty() ? "" : ", and " + wrong.front());
}

std::string connect_service(std::string_view name) { return fmt::format("{}-server", name); }

std::string connect_name(const kube::Object& pod) { return std::string(kube::label(pod, kInstanceLabel)); }

std::uint16_t connect_port(const kube::Object& pod) {
  return static_cast<std::uint16_t>(to_int(kube::annotation(pod, kPortAnnotation)).value_or(spark::kConnectPort));
}

std::string connect_address(const kube::Object& pod) {
  return fmt::format("sc://{}.{}.svc:{}", connect_service(connect_name(pod)), kube::ns(pod), connect_port(pod));
}

bool connect_ready(const kube::Object& pod) { return kube::condition_is_true(pod, "Ready") && !connect_ended(pod); }

bool connect_ended(const kube::Object& pod) {
  const auto phase = json::str(pod, "status.phase");
  return kube::deleting(pod) || phase == "Succeeded" || phase == "Failed";
}

void configure_connect_server(spark::Conf& conf, const spark::Rules& rules, const std::string& name) {
  check_connect_name(name);
  const std::int64_t port = conf.integer(spark::kConnectPortProperty, spark::kConnectPort);
  if (port < 1 || port > 65535)
    fail("{} is {}, and a Service needs a port of 1 to 65535", spark::kConnectPortProperty, port);
  conf.set_if_missing("spark.app.name", name);
  conf.set_if_missing("spark.kubernetes.driver.pod.name", connect_service(name));
  const auto label = [&](std::string_view key, std::string_view value) {
    conf.set(fmt::format("spark.kubernetes.driver.label.{}", key), std::string(value));
  };
  label(kNameLabel, kApp);
  label(kOwnerLabel, kOwner);
  label(kInstanceLabel, name);
  conf.set(fmt::format("spark.kubernetes.driver.annotation.{}", kPortAnnotation), std::to_string(port));
  spark::add_connect_package(conf, rules);
}

json::array connect_rights() {
  const auto rule = [](std::string_view resource, json::array verbs) {
    return json::object{
        {"apiGroups", json::array{""}}, {"resources", json::array{json::value(resource)}}, {"verbs", std::move(verbs)}};
  };
  return {rule("services", {"get", "delete"}), rule("pods/portforward", {"get", "create"})};
}

void add_connect_service(spark::DriverObjects& driver) {
  const std::int64_t port = connect_port(driver.pod);
  const std::string name = connect_name(driver.pod);
  auto& container = json::make_array(driver.pod, "spec.containers").back();
  if (json::find(container, "readinessProbe") == nullptr)
    json::set(container, "readinessProbe",
              json::object{{"tcpSocket", json::object{{"port", port}}}, {"periodSeconds", 2}, {"failureThreshold", 3}});
  // Executors come before the server is ready, and have to find the driver.
  for (auto& object : driver.resources)
    if (kube::kind(object) == "Service") json::set(object, "spec.publishNotReadyAddresses", true);
  const json::object labels = {{kNameLabel, kApp}, {kOwnerLabel, kOwner}, {kInstanceLabel, name}};
  driver.resources.push_back(json::object{
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata", json::object{{"name", connect_service(name)}, {"labels", labels}}},
      {"spec", json::object{
                   {"selector", labels},
                   {"ports",
                    json::array{json::object{
                        {"name", "spark-connect"}, {"port", port}, {"targetPort", port}, {"appProtocol", "grpc"}}}}}}});
}

}  // namespace spoke::submit
