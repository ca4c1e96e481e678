// Files of documents, as run and apply take them.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "client/apply_file.h"

namespace spoke::cli {

// Of all files, in their order; "-" is standard input. Throws Error where there is no document in them.
std::vector<client::Object> read_files(const std::vector<std::string>& files);

// "sparkapplication.sparkoperator.k8s.io/spark-pi created"
std::string told(const client::Applied& applied);

}  // namespace spoke::cli
