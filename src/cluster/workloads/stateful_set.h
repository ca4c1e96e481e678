// A StatefulSet's next step: pods with names of their own, one after the other unless they may come in parallel; each
// with its claims. Source: pkg/controller/statefulset.
#pragma once

#include <vector>

#include "cluster/workloads/step.h"

namespace spoke::cluster {

// What there is of a set's: all its own, but claims, which are all of its namespace.
struct StatefulParts {
  std::vector<Object> pods, revisions, claims;
};

// Whether the name is one of the set's pods': no other pod is ever its own, whatever its labels are.
bool is_named_after(const Object& set, const Object& pod);

Step next_of_stateful_set(const Object& set, const StatefulParts& parts, Time now);

}  // namespace spoke::cluster
