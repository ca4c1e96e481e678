// Whether a pod could run in a cluster at all.
#pragma once

#include <string>
#include <vector>

#include "kube/meta.h"

namespace spoke::cli {

// Why none of the nodes could hold the pod even if nothing else ran there: "it asks for 901.2 GiB of memory, and no
// node has more than 22.9 GiB", or the scheduler's words where it is not for want of something. "" where one could.
std::string misfit(const kube::Object& pod, const std::vector<kube::Object>& nodes);

}  // namespace spoke::cli
