// From a recipe to an image: each of its parts a layer, from what changes least to what changes most.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "image/build/cache.h"
#include "image/build/fitting.h"
#include "image/build/layout.h"
#include "image/build/recipe.h"

namespace spoke::image {

struct BuildOptions {
  Packing packing = Packing::Zstd;
  FittingOptions fitting;
  std::vector<std::string> tags;  // in the place of the recipe's
};

// `folder` is where the recipe's own files are. Blocks. Throws Misfits, Error.
ImageBlobs build_image(const Recipe& recipe, const Path& folder, const BuildCache& cache, const BuildOptions& options);

}  // namespace spoke::image
