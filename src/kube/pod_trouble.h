#pragma once

#include <string>

#include "kube/meta.h"

namespace spoke::kube {

// Why a pod does not come up: "ImagePullBackOff: ...", "Unschedulable: ..."; "" where nothing holds it up.
std::string pod_trouble(const Object& pod);

}  // namespace spoke::kube
