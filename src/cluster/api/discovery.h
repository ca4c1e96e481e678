// What the server has: /api, /apis, each group version, in the old form and the aggregated one (KEP-3352), and
// /openapi.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cluster/api/resource_type.h"

namespace spoke::cluster {

json::value root_paths(const Catalog& catalog);             // /
json::value api_versions(std::string_view server_address);  // /api
json::value api_groups(const Catalog& catalog);             // /apis
std::optional<json::value> api_group(const Catalog& catalog, std::string_view group);
std::optional<json::value> api_resources(const Catalog& catalog, std::string_view group, std::string_view version);
json::value aggregated(const Catalog& catalog, bool core);  // APIGroupDiscoveryList for /api or /apis
bool wants_aggregated(std::string_view accept);

json::value server_version();

json::value open_api_root(const Catalog& catalog);
// The document of one group version, small: paths with their kinds, schemas by kind. kubectl looks here for
// fieldValidation.
std::optional<json::value> open_api(const Catalog& catalog, std::string_view group, std::string_view version);

}  // namespace spoke::cluster
