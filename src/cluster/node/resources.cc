#include "cluster/node/resources.h"

#include <algorithm>

#include "kube/quantity.h"

namespace spoke::cluster {
namespace {

std::optional<kube::Quantity> quantity(const json::value& container, const char* path) {
  const auto* v = json::find(container, path);
  return v != nullptr && v->is_string() ? kube::Quantity::parse(v->get_string()) : std::nullopt;
}

std::optional<std::int64_t> milli(const json::value& container, const char* path) {
  const auto q = quantity(container, path);
  return q ? std::optional(q->milli()) : std::nullopt;
}

std::optional<std::int64_t> whole(const json::value& container, const char* path) {
  const auto q = quantity(container, path);
  return q ? std::optional(q->value()) : std::nullopt;
}

}  // namespace

ContainerResources container_resources(const json::value& container) {
  ContainerResources r;
  r.cpu_limit = milli(container, "resources.limits.cpu");
  r.memory_limit = whole(container, "resources.limits.memory");
  r.cpu_request = milli(container, "resources.requests.cpu");
  r.memory_request = whole(container, "resources.requests.memory");
  if (!r.cpu_request) r.cpu_request = r.cpu_limit;
  if (!r.memory_request) r.memory_request = r.memory_limit;
  return r;
}

std::string qos_class(const kube::Object& pod) {
  bool any = false;
  bool guaranteed = true;
  for (const char* list : {"spec.initContainers", "spec.containers"}) {
    for (const auto& container : json::list(pod, list)) {
      const auto r = container_resources(container);
      for (const auto& [request, limit] :
           {std::pair(r.cpu_request, r.cpu_limit), std::pair(r.memory_request, r.memory_limit)}) {
        any = any || request.value_or(0) > 0 || limit.value_or(0) > 0;
        guaranteed = guaranteed && limit.value_or(0) > 0 && request == limit;
      }
    }
  }
  return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
}

int oom_score_adj(const kube::Object& pod, const json::value& container, std::int64_t machine_memory) {
  const std::string qos = qos_class(pod);
  if (qos == "Guaranteed") return -997;
  if (qos == "BestEffort" || machine_memory <= 0) return 1000;
  const auto request = std::min(container_resources(container).memory_request.value_or(0), machine_memory);
  const auto share = static_cast<int>(static_cast<double>(request) * 1000 / static_cast<double>(machine_memory));
  return std::clamp(1000 - share, 3, 999);
}

}  // namespace spoke::cluster
