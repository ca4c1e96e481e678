// Whether the classes of what a recipe adds find in Spark's jars, and in each other, what they were compiled with, and
// whether those are there that its identities need.
#pragma once

#include "base/files.h"
#include "image/build/cache.h"
#include "image/build/examine.h"
#include "image/build/maven.h"
#include "image/build/recipe.h"
#include "image/check/linkage.h"

namespace spoke::image {

// By check_linkage and check_identity; rule `jar` where one cannot be read. Fetches the artifacts; `folder` is where
// the recipe's own files are. Blocks. Throws Error.
Findings check_classes(const Examined& examined, const Recipe& recipe, const Path& folder, const BuildCache& cache,
                       const MavenCache& maven);

}  // namespace spoke::image
