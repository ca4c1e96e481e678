// What a CustomResourceDefinition's schema must keep to, in apiextensions-apiserver's words.
// Source: k8s.io/apiextensions-apiserver, pkg/apiserver/schema/validation.go and pkg/apis/apiextensions/validation.
#pragma once

#include <string>
#include <vector>

#include "data/json.h"
#include "kube/status.h"

namespace spoke::kube {

// Why the schema, which stands at the field path `at`, is not structural; nothing where it is.
std::vector<Cause> check_structural(const json::value& open_api, const std::string& at);

}  // namespace spoke::kube
