#include "cluster/workloads/replica_set.h"

#include <algorithm>

#include "cluster/workloads/workload_pods.h"
#include "kube/selector.h"

namespace spoke::cluster {
namespace {

json::object status_of(const Object& set, const std::vector<const Object*>& active, std::string_view failure, Time now,
                       Step& step) {
  std::int64_t labeled = 0, ready = 0, available = 0;
  const auto from_template = kube::LabelSelector::from_map(json::members(set, "spec.template.metadata.labels"));
  for (const Object* pod : active) {
    labeled += from_template.matches(kube::labels_of(*pod)) ? 1 : 0;
    ready += is_ready(*pod) ? 1 : 0;
    available += is_available(*pod, json::num(set, "spec.minReadySeconds"), now, step) ? 1 : 0;
  }
  Object shown = set;
  json::object status{{"replicas", static_cast<std::int64_t>(active.size())}};
  // Go leaves out what is zero.
  for (const auto& [name, count] :
       {std::pair{"fullyLabeledReplicas", labeled}, {"readyReplicas", ready}, {"availableReplicas", available}})
    if (count != 0) status[name] = count;
  status["observedGeneration"] = json::num(set, "metadata.generation");
  if (!failure.empty()) {
    if (const auto& before = json::list(set, "status.conditions"); !before.empty()) status["conditions"] = before;
    if (kube::condition_is_true(set, "ReplicaFailure")) return status;  // as it was said first
    json::set(shown, "status", std::move(status));
    kube::set_condition(shown, "ReplicaFailure", "True", "FailedCreate", failure, rfc3339(now));
    return json::members(shown, "status");
  }
  return status;
}

}  // namespace

Step next_of_replica_set(const Object& set, const std::vector<Object>& pods, std::string_view failure, Time now) {
  Step step;
  std::vector<const Object*> active;
  for (const auto& pod : pods)
    if (is_active(pod)) active.push_back(&pod);
  step.status = status_of(set, active, failure, now, step);
  if (kube::deleting(set)) return step;
  const auto wanted = json::num(set, "spec.replicas"), there = static_cast<std::int64_t>(active.size());
  for (auto i = there; i < std::min(wanted, there + kBurst); ++i) {
    Object pod = pod_from(set, *json::find(set, "spec.template"));
    json::set(pod, "metadata.generateName", std::string(kube::name(set)) + "-");
    step.create.push_back(std::move(pod));
  }
  if (there > wanted) order_for_deletion(active);
  for (auto i = wanted; i < std::min(there, wanted + kBurst); ++i)
    step.remove.push_back(*active[static_cast<size_t>(i - wanted)]);
  return step;
}

}  // namespace spoke::cluster
