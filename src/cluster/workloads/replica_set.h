// A ReplicaSet's next step: as many pods as it asks for. Source: pkg/controller/replicaset.
#pragma once

#include <string>
#include <vector>

#include "cluster/workloads/step.h"

namespace spoke::cluster {

// `pods` are the set's own. The status is of what there is, not of what the step makes; `failure` is why pods could not
// be made the last time, "" if they could.
Step next_of_replica_set(const Object& set, const std::vector<Object>& pods, std::string_view failure, Time now);

}  // namespace spoke::cluster
