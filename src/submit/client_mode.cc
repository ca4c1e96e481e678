#include "submit/client_mode.h"

#include "base/strings.h"

namespace spoke::submit {

std::optional<ServiceName> driver_service_name(const spark::Conf& conf) {
  const auto parts = split(conf.raw("spark.driver.host", ""), '.');
  if (parts.size() < 3 || parts[2] != "svc" || parts[0].empty() || parts[1].empty()) return std::nullopt;
  return ServiceName{parts[0], parts[1]};
}

kube::Object driver_service(const ServiceName& name, const kube::Object& pod) {
  const auto& labels = json::members(pod, "metadata.labels");
  if (labels.empty())
    fail("the pod {} has no labels, by which the Service {} of spark.driver.host could find it; give it one",
         kube::name(pod), name.name);
  const json::array owner = {
      json::object{{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", kube::name(pod)}, {"uid", kube::uid(pod)}}};
  return json::object{
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata", json::object{{"name", name.name}, {"namespace", name.ns}, {"ownerReferences", owner}}},
      // Without ports: the name is for the pod's address, at which every port is.
      {"spec", json::object{{"clusterIP", "None"}, {"selector", labels}, {"publishNotReadyAddresses", true}}}};
}

net::Task<> prepare_driver_service(client::Api& api, ServiceName name, std::string pod_name) {
  bool there = true;
  try {
    co_await api.get(client::resources::services, name.ns, name.name);
  } catch (const kube::StatusError& e) {
    if (e.code() != 404) throw;
    there = false;
  }
  if (there) co_return;
  const kube::Object pod = co_await api.get(client::resources::pods, name.ns, pod_name);
  try {
    co_await api.create(client::resources::services, name.ns, driver_service(name, pod));
  } catch (const kube::StatusError& e) {
    if (!e.is("AlreadyExists")) throw;
  }
}

std::string hint_about_driver_host(const spark::Conf& conf, bool embedded_cluster) {
  if (conf.has("spark.driver.host")) return "";
  if (embedded_cluster)
    return "executors reach this machine at 10.85.0.1: give --conf spark.driver.host=10.85.0.1 --conf "
           "spark.driver.bindAddress=10.85.0.1 where they cannot find the driver";
  return "in client mode the executors' pods must reach the driver on this machine; where they cannot, give --conf "
         "spark.driver.host with an address that they can, or use --deploy-mode cluster";
}

}  // namespace spoke::submit
