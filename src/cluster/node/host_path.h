// hostPath volumes: what may lie there. Source: kubelet/volume/hostpath.
#pragma once

#include <string_view>

#include "base/files.h"

namespace spoke::cluster {

// Makes what `type` says may be made (DirectoryOrCreate, FileOrCreate; a folder where type is ""), and throws
// MountError, "hostPath type check failed: /x is not a directory", where something else is there.
void check_host_path(const Path& path, std::string_view type);

}  // namespace spoke::cluster
