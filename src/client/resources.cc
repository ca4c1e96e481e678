#include <array>

#include "client/api.h"

namespace spoke::client {

std::string Resource::path(std::string_view ns, std::string_view name, std::string_view subresource) const {
  std::string out = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  if (namespaced && !ns.empty()) out.append("/namespaces/").append(ns);
  out.append("/").append(plural);
  if (!name.empty()) out.append("/").append(name);
  if (!subresource.empty()) out.append("/").append(subresource);
  return out;
}

namespace resources {

const Resource pods{"", "v1", "pods", "Pod", true};
const Resource services{"", "v1", "services", "Service", true};
const Resource config_maps{"", "v1", "configmaps", "ConfigMap", true};
const Resource secrets{"", "v1", "secrets", "Secret", true};
const Resource nodes{"", "v1", "nodes", "Node", false};
const Resource namespaces{"", "v1", "namespaces", "Namespace", false};
const Resource service_accounts{"", "v1", "serviceaccounts", "ServiceAccount", true};
const Resource events{"", "v1", "events", "Event", true};
const Resource endpoints{"", "v1", "endpoints", "Endpoints", true};
const Resource endpoint_slices{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true};
const Resource persistent_volumes{"", "v1", "persistentvolumes", "PersistentVolume", false};
const Resource persistent_volume_claims{"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true};
const Resource leases{"coordination.k8s.io", "v1", "leases", "Lease", true};
const Resource network_policies{"networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true};
const Resource custom_resource_definitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                           "CustomResourceDefinition", false};
const Resource spark_applications{"sparkoperator.k8s.io", "v1beta2", "sparkapplications", "SparkApplication", true};
const Resource scheduled_spark_applications{"sparkoperator.k8s.io", "v1beta2", "scheduledsparkapplications",
                                            "ScheduledSparkApplication", true};
const Resource spark_connects{"sparkoperator.k8s.io", "v1alpha1", "sparkconnects", "SparkConnect", true};

}  // namespace resources

Resource resource_of(std::string_view api_version, std::string_view kind) {
  struct Kind {
    std::string_view kind;
    std::string_view plural;
  };
  constexpr std::array kKinds{Kind{"Pod", "pods"},
                              Kind{"Service", "services"},
                              Kind{"ConfigMap", "configmaps"},
                              Kind{"Secret", "secrets"},
                              Kind{"PersistentVolumeClaim", "persistentvolumeclaims"},
                              Kind{"NetworkPolicy", "networkpolicies"},
                              Kind{"Ingress", "ingresses"},
                              Kind{"PodDisruptionBudget", "poddisruptionbudgets"},
                              Kind{"PodGroup", "podgroups"},
                              Kind{"SparkApplication", "sparkapplications"}};
  const auto [group, version] = kube::group_version(api_version);
  for (const auto& known : kKinds)
    if (known.kind == kind) return {group, version, std::string(known.plural), std::string(kind), true};
  fail("a driver's submission makes no {} ({})", kind, api_version);
}

}  // namespace spoke::client
