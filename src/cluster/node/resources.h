// What containers ask for and may use, and the quality of service that follows from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kube/meta.h"

namespace spoke::cluster {

struct ContainerResources {
  std::optional<std::int64_t> cpu_request, cpu_limit;        // thousandths of a processor
  std::optional<std::int64_t> memory_request, memory_limit;  // bytes
};

// A missing request is the limit, as the API server defaults it.
ContainerResources container_resources(const json::value& container);

// "Guaranteed", "Burstable" or "BestEffort" (Kubernetes documentation, "Pod Quality of Service Classes").
std::string qos_class(const kube::Object& pod);

// Which containers the kernel kills first (kubelet/qos/policy.go): 1000 for BestEffort, -997 for Guaranteed, between by
// the share of the machine's memory that was asked for.
int oom_score_adj(const kube::Object& pod, const json::value& container, std::int64_t machine_memory);

}  // namespace spoke::cluster
