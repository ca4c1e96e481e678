// Where an image's Spark comes from.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "image/build/recipe.h"
#include "image/spark_home.h"

namespace spoke::image {

// The folders of pyspark's source archive that are Spark's, and where they stand in its own layout; each with its
// slash.
std::span<const std::pair<std::string_view, std::string_view>> pyspark_places();

// Whether a path below a part of Spark belongs into an image: compiled Python is of the moment it was compiled at.
bool is_part_of_spark(const Path& path);

// The distribution, unpacked. `from` is looked for in `folder`. PyPI's is downloaded once, to where local/spark finds
// it too ($SPOKE_SPARK, else $XDG_DATA_HOME/spoke-spark); an archive is unpacked below `cache`. Blocks. Throws Error.
SparkHome get_spark(const SparkSource& source, const Path& folder, const Path& cache,
                    const std::function<void(std::string_view)>& say);

}  // namespace spoke::image
