// Whether what a recipe's `identity` names can be taken at run time: connectors load the classes that exchange a pod's
// token for a cloud's credentials by name, and only then is one missed. Pure but for `read`.
#pragma once

#include <string>
#include <vector>

#include "image/check/linkage.h"

namespace spoke::image {

// Rule `identity`. `identities` as the recipe's schema has them; of others nothing is known, and nothing is found.
Findings check_identity(const std::vector<std::string>& identities, const ClassPath& path, const ReadClasses& read);

}  // namespace spoke::image
