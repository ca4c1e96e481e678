// What may be a name. Each function answers with nothing where the text is fine, else with the reasons in the words of
// k8s.io/apimachinery/pkg/util/validation ("a lowercase RFC 1123 subdomain must consist of ...").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"
#include "kube/status.h"

namespace spoke::kube {

std::vector<std::string> check_dns1123_label(std::string_view text);
std::vector<std::string> check_dns1123_subdomain(std::string_view text);
std::vector<std::string> check_dns1035_label(std::string_view text);
std::vector<std::string> check_qualified_name(std::string_view text);  // label and annotation keys
std::vector<std::string> check_label_value(std::string_view text);
std::vector<std::string> check_env_var_name(std::string_view text);
std::vector<std::string> check_config_map_key(std::string_view text);
std::vector<std::string> check_path_segment(std::string_view text);  // names of RBAC objects
std::vector<std::string> check_port_name(std::string_view text);     // IANA_SVC_NAME

// metadata.labels, metadata.annotations, finalizers, ownerReferences of any object (ValidateObjectMeta, less the name).
std::vector<Cause> check_metadata(const json::value& object);

}  // namespace spoke::kube
