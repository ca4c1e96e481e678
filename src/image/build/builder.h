// From a recipe to an image: each of its parts a layer, from what changes least to what changes most.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "image/build/cache.h"
#include "image/build/layout.h"
#include "image/build/recipe.h"
#include "image/check/check.h"
#include "image/registry/registries.h"

namespace spoke::image {

struct BuildOptions {
  Packing packing = Packing::Zstd;
  bool force = false;                                                   // configuration is let in
  Registries registries{{}, {}};                                        // bases come from
  bool renew = false;                                                   // what comes from registries is asked for again
  std::vector<std::string> tags;                                        // in the place of the recipe's
  std::function<void(std::string_view)> say = [](std::string_view) {};  // a line of progress
};

// The parts of an image do not fit, and nobody forces them.
class Misfits : public Error {
 public:
  explicit Misfits(Findings found) : Error("its parts do not fit"), findings(std::move(found)) {}
  Findings findings;
};

// Where configuration would get into the image, "files[0]: ..."; an image holds code. Pure.
std::vector<std::string> configuration_in(const Recipe& recipe);

// `folder` is where the recipe's own files are. Blocks. Throws Misfits, Error.
ImageBlobs build_image(const Recipe& recipe, const Path& folder, const BuildCache& cache, const BuildOptions& options);

}  // namespace spoke::image
