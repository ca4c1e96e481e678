// What a container may learn about its own pod: fieldRef and resourceFieldRef, of environment variables and of downward
// API volumes. Source: Kubernetes documentation, "Downward API".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kube/meta.h"

namespace spoke::cluster {

// What the pod's object does not say of where it runs.
struct PodPlace {
  std::string node;
  std::string host_ip;
  std::string pod_ip;       // "" until there is one
  std::int64_t cpus = 0;    // of the node, stand for a missing limit
  std::int64_t memory = 0;  // bytes, likewise
};

// "metadata.name", "metadata.labels['app']", "metadata.labels" (lines of key="value"), "status.podIP", ... An absent
// label is "". Nothing where there is no such field.
std::optional<std::string> pod_field(const kube::Object& pod, std::string_view path, const PodPlace& place);

// "limits.cpu" in units of `divisor` ("", "1", "1m", "1Mi"), rounded up. `container` is of the pod's specification.
// Nothing where there is no such resource, or the divisor is no quantity.
std::optional<std::string> resource_field(const json::value& container, std::string_view resource,
                                          std::string_view divisor, const PodPlace& place);

// The container or init container of that name, or null.
const json::value* find_container(const kube::Object& pod, std::string_view name);

}  // namespace spoke::cluster
