// Spark properties that an application may not set: what the operator sets itself, and names of files that a submitter
// would read, which here would be the operator's own.
#pragma once

#include <string_view>

#include "data/json.h"

namespace spoke::op {

// `spec` is the application's or a SparkConnect's, `ns` its namespace. Throws InvalidApplication for the first one.
void refuse_properties(const json::value& spec, std::string_view ns);

}  // namespace spoke::op
