// Applications followed to their end, on a terminal or in a script.
#pragma once

#include <vector>

#include "base/time.h"
#include "cli/session.h"

namespace spoke::cli {

// Answers the first exit code that is not 0; 130 or 143 where a signal came before the end.
net::Task<int> follow(Session& session, const std::vector<client::Object>& apps, Time begun);

}  // namespace spoke::cli
