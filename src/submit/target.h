// Which API server a submission goes to, and as whom.
// Source: SparkKubernetesClientFactory (Spark 3.5 to 4.3): the kubeconfig's context, with the master's address, and
// what spark.kubernetes.authenticate.submission.* says over it.
#pragma once

#include "client/kubeconfig.h"
#include "submit/settings.h"

namespace spoke::submit {

// Throws Error, also where there is neither a master nor a kubeconfig.
client::Target find_submission_target(const Settings& settings, const Arguments& arguments, const Surroundings& around);

}  // namespace spoke::submit
