// Where an image's Spark comes from.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "image/build/recipe.h"
#include "image/spark_home.h"

namespace spoke::image {

// The distribution, unpacked. `from` is looked for in `folder`. PyPI's is downloaded once, to where local/spark finds
// it too ($SPOKE_SPARK, else $XDG_DATA_HOME/spoke-spark); an archive is unpacked below `cache`. Blocks. Throws Error.
SparkHome get_spark(const SparkSource& source, const Path& folder, const Path& cache,
                    const std::function<void(std::string_view)>& say);

}  // namespace spoke::image
