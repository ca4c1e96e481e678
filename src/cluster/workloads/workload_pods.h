// Pods as those who make them see them. Source: pkg/controller/controller_utils.go, pkg/api/v1/pod/util.go.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/workloads/step.h"

namespace spoke::cluster {

bool has_ended(const Object& pod);  // Succeeded or Failed
bool is_active(const Object& pod);  // has not ended, and is not being deleted
bool is_ready(const Object& pod);
// Ready for so many seconds; where it is ready and will be available without another change, `wait` has how long that
// takes at most.
bool is_available(const Object& pod, std::int64_t min_ready_seconds, Time now, Step& wait);

// A pod of the workload's, from a template {metadata, spec}. It has no name yet.
Object pod_from(const Object& owner, const json::value& pod_template);

// Those that can be missed most come first: not placed, not running, not ready, of the least deletion cost, ready for
// the shortest time, restarted most, youngest.
void order_for_deletion(std::vector<const Object*>& pods);

// What of `value` a rollout may use: a number, or a part of `all`, "25%".
std::int64_t part_of(const json::value* value, std::int64_t all, bool round_up);

// A short name of a template, of the characters that Kubernetes uses in generated names. `again` counts how often it
// was taken by something else.
std::string template_hash(const json::value& pod_template, std::int64_t again);

}  // namespace spoke::cluster
