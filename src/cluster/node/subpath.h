// A part of a volume, mounted by itself. The volume's content is the containers' to write: a link in it must not lead a
// mount out of it (CVE-2017-1002101), not even one that is put there while we look.
#pragma once

#include <string>

#include "base/files.h"

namespace spoke::cluster {

// Binds `sub` of `volume` to `at` and answers `at`. A missing folder is made, with the volume's mode. The kernel
// resolves the path, and refuses to leave the volume. Throws Error.
Path hold_subpath(const Path& volume, const std::string& sub, const Path& at);

}  // namespace spoke::cluster
