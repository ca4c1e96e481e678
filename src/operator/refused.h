// What a SparkApplication may say that this operator does not act upon. It is refused, by name: an application that
// runs otherwise than its author wrote is worse than one that does not run.
#pragma once

#include <string_view>

#include "data/json.h"

namespace spoke::op {

// `spec` is the application's, `ns` its namespace. Throws InvalidApplication for the first field found.
void refuse_unsupported(const json::value& spec, std::string_view ns);

}  // namespace spoke::op
