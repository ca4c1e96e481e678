// What a recipe's image would be made of, where that fits.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "image/build/cache.h"
#include "image/build/examine.h"
#include "image/build/maven.h"
#include "image/build/recipe.h"
#include "image/check/check.h"
#include "image/registry/registries.h"

namespace spoke::image {

struct FittingOptions {
  Registries registries{{}, {}};  // bases come from
  bool renew = false;             // what comes from registries is asked for again
  bool force = false;             // what does not fit, or is configuration, is told and let in
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

// By all rules, first those that metadata is enough for. `folder` is where the recipe's own files are. Blocks. Throws
// Misfits, Error.
Examined examine_fitting(const Recipe& recipe, const Path& folder, const BuildCache& cache, const MavenCache& maven,
                         const FittingOptions& options);

}  // namespace spoke::image
