// Files of a volume that change all at once, as the kubelet's AtomicWriter has them, so that programs which watch for
// it (a rename of "..data") work:
//
//   <dir>/..data -> ..2026_03_01_12_00_00.123456789
//   <dir>/..2026_03_01_12_00_00.123456789/key
//   <dir>/key -> ..data/key
#pragma once

#include <optional>

#include "base/time.h"
#include "cluster/node/volume_files.h"

namespace spoke::cluster {

struct FileOwner {
  std::optional<unsigned> uid, gid;  // gid: of fsGroup; the group may read then
};

// Makes `dir` hold exactly `files`. Answers whether anything changed. Throws Error; then `dir` is as it was.
bool write_atomically(const Path& dir, const VolumeFiles& files, const FileOwner& owner, Time now);

}  // namespace spoke::cluster
