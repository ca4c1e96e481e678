// Whether an application fits into what a namespace's ResourceQuotas leave: the driver and the executors that it begins
// with. A pod that does not is refused only when it is made; an executor's refusal shows nowhere but in the driver's
// log.
#pragma once

#include <string>
#include <vector>

#include "operator/application.h"

namespace spoke::op {

// "" where it does, else the quota and what is too much. Quotas with scopes are of some pods only, and left out.
// Throws InvalidApplication.
std::string over_quota(const Application& app, const Spec& spec, const std::vector<const kube::Object*>& quotas);

}  // namespace spoke::op
