// Files that need not survive a power cut, since what they tell of does not: without the fsync of write_file, which
// costs milliseconds each.
#pragma once

#include <string_view>

#include "base/files.h"

namespace spoke::cluster {

// Replaces the file in one step for whoever reads it. Throws Error.
void write_plain_file(const Path& path, std::string_view content, mode_t mode = 0644);

}  // namespace spoke::cluster
