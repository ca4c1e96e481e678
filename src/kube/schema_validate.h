#pragma once

#include <string>
#include <vector>

#include "data/json.h"
#include "kube/schema.h"

namespace spoke::kube {

// validate() of a value that is no whole object: a default, which stands at the field path `at`.
std::vector<Cause> validate_at(const Schema& schema, const json::value& value, const std::string& at);

}  // namespace spoke::kube
