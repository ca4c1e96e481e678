// A layer as a file: a tar, packed, whose bytes depend on nothing but what is in it.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "image/blob.h"
#include "image/build/tree.h"

namespace spoke::image {

enum class Packing { None, Gzip, Zstd };

struct LayerBlob {
  Blob blob;
  std::string diff_id;     // digest of the tar inside
  std::string created_by;  // for the image's history
};

// The time that all in a layer was changed at: SOURCE_DATE_EPOCH where it is set, else 1 January 1980, the first that a
// zip can tell.
std::time_t layer_time();

// Writes it to `file`, which must not be there. Blocks, for as long as packing takes. Throws DiskFull, Error.
LayerBlob write_layer(const Tree& tree, Packing packing, const Path& file);

// The same of a tar that there is. Entries whose path (without the first slash) is not `wanted` are left out; whatever
// was changed after `made` is given the latest time before: what an installation wrote has the time of its packages,
// while these keep theirs, by which Python knows that its compiled files are of their sources.
LayerBlob write_layer(const Path& tar, const std::function<bool(std::string_view)>& wanted, std::time_t made,
                      Packing packing, const Path& file);

}  // namespace spoke::image
