// The driver's headless Service, by which executors find it.
// Source: DriverServiceFeatureStep (Spark 3.5 to 4.3).

#include <fmt/format.h>

#include "base/strings.h"
#include "spark/driver_ports.h"
#include "spark/steps.h"

namespace spoke::spark {
namespace {

json::array service_ports(const Submission& s, std::int64_t block_manager) {
  json::array ports;
  for (const auto& port : driver_ports(s, block_manager)) {
    json::object entry{{"name", port.name}, {"port", port.number}, {"targetPort", port.number}};
    if (port.name == "spark-connect" && s.rules.connect_app_protocol) entry["appProtocol"] = "grpc";
    ports.push_back(std::move(entry));
  }
  return ports;
}

json::array ip_families(const Conf& conf) {
  json::array families;
  for (const auto& family : split(conf.one_of("spark.kubernetes.driver.service.ipFamilies",
                                              {"IPv4", "IPv6", "IPv4,IPv6", "IPv6,IPv4"}, "IPv4"),
                                  ','))
    families.push_back(json::value(family));
  return families;
}

}  // namespace

void driver_service(const Submission& s, Draft& draft) {
  const Conf& conf = s.conf;
  if (conf.has("spark.driver.bindAddress"))
    throw InvalidConf("spark.driver.bindAddress",
                      "requirement failed: spark.driver.bindAddress is not supported in Kubernetes mode, as the "
                      "driver's bind address is "
                      "managed and set to the driver pod's IP address.");

  // Unlike the container's port, this one does not follow spark.blockManager.port.
  const auto block_manager = conf.plain_integer("spark.driver.blockManager.port", kBlockManagerPort);

  kube::Object service = named_object("v1", "Service", draft.names.service);
  merge(service, "metadata.labels", {{"spark-app-selector", s.ids.app}});
  merge(service, "metadata.labels", conf.with_prefix("spark.kubernetes.driver.service.label."));
  merge(service, "metadata.annotations", conf.with_prefix("spark.kubernetes.driver.service.annotation."));
  json::set(service, "spec.clusterIP", "None");
  json::set(service, "spec.ipFamilyPolicy",
            conf.one_of("spark.kubernetes.driver.service.ipFamilyPolicy",
                        {"SingleStack", "PreferDualStack", "RequireDualStack"}, "SingleStack"));
  json::set(service, "spec.ipFamilies", ip_families(conf));
  if (s.rules.publish_not_ready)
    json::set(service, "spec.publishNotReadyAddresses",
              conf.flag("spark.kubernetes.driver.service.publishNotReadyAddresses", false));
  json::set(service, "spec.selector", to_object(draft.labels));
  json::set(service, "spec.ports", service_ports(s, block_manager));
  draft.resources.push_back(std::move(service));

  draft.properties["spark.driver.host"] = fmt::format("{}.{}.svc", draft.names.service, s.ns());
  draft.properties["spark.driver.port"] = std::to_string(conf.plain_integer("spark.driver.port", kDriverPort));
  draft.properties["spark.driver.blockManager.port"] = std::to_string(block_manager);
}

}  // namespace spoke::spark
