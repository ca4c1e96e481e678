// ImageConfig as JSON, in the field names of the OCI image specification (config.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"
#include "image/image_store.h"

namespace spoke::image {

ImageConfig config_from_json(const json::value& v);  // what is missing, null or mistyped is empty
json::value to_json(const ImageConfig& config);

// The strings of a list; what is missing or is not a string is left out.
std::vector<std::string> string_list(const json::value& v, std::string_view path);
json::array to_json(const std::vector<std::string>& list);

}  // namespace spoke::image
