// What a pod may ask for and this node cannot give: said at once, since a pod that only seems to be isolated, or to be
// reachable, is worse than none.
#pragma once

#include <string>

#include "kube/meta.h"

namespace spoke::cluster {

// One sentence with the remedy, or "".
std::string unsupported(const kube::Object& pod);

}  // namespace spoke::cluster
