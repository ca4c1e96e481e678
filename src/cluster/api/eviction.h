// Eviction and budgets of disruption: how many of the pods behind a PodDisruptionBudget may go.
// Source: pkg/controller/disruption, pkg/registry/core/pod/storage/eviction.go.
#pragma once

#include <vector>

#include "cluster/store/store.h"
#include "kube/meta.h"

namespace spoke::cluster {

// The status of a budget whose selector matches these pods (those that have ended are left out here).
json::object budget_status(const kube::Object& budget, const std::vector<kube::Object>& pods, std::string_view now);

// Throws StatusError TooManyRequests where a budget does not let the pod go now.
void check_eviction(const Store& store, const kube::Object& pod);

// The pods of a namespace that a budget selects.
std::vector<kube::Object> pods_of_budget(const Store& store, const kube::Object& budget);

}  // namespace spoke::cluster
