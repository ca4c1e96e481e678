// A Job's next step. Each pod carries a finalizer until it is counted: its uid is written into the status first, then
// the finalizer goes, then it counts; so that no pod counts twice or not at all, whenever the cluster stops.
// Source: pkg/controller/job.
#pragma once

#include <vector>

#include "cluster/workloads/step.h"

namespace spoke::cluster {

inline constexpr const char* kJobTracking = "batch.kubernetes.io/job-tracking";
inline constexpr const char* kJobName = "batch.kubernetes.io/job-name";  // a label of each of its pods

Step next_of_job(const Object& job, const std::vector<Object>& pods, Time now);

}  // namespace spoke::cluster
