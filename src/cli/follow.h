// Applications followed to their end, on a terminal or in a script.
#pragma once

#include <vector>

#include "base/time.h"
#include "cli/session.h"

namespace spoke::cli {

// Answers the first exit code that is not 0; 130 or 143 where a signal came before the end. One whose driver is held up
// for longer than `patience` by what does not pass by itself is deleted.
net::Task<int> follow(Session& session, const std::vector<client::Object>& apps, Time begun, Duration patience);

}  // namespace spoke::cli
