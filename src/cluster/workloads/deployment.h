// A Deployment's next step: a ReplicaSet for each of its templates, and pods moved from the old ones to the new.
// Source: pkg/controller/deployment.
#pragma once

#include <vector>

#include "cluster/workloads/step.h"

namespace spoke::cluster {

// `sets` are the Deployment's own, `pods` theirs. Where the number of pods changes in the middle of a rollout, the
// rollout's own rules spread the change; there is no proportional scaling.
Step next_of_deployment(const Object& deployment, const std::vector<Object>& sets, const std::vector<Object>& pods,
                        Time now);

}  // namespace spoke::cluster
