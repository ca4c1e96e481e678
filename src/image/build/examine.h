// What a recipe's image would be made of, before it is made: its Spark, and its artifacts by Maven's metadata alone.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/build/base.h"
#include "image/build/cache.h"
#include "image/build/maven.h"
#include "image/build/recipe.h"
#include "image/check/check.h"
#include "image/spark_home.h"

namespace spoke::image {

struct Examined {
  std::optional<BaseImage> base;  // where it is an image
  std::optional<SparkHome> spark;
  std::vector<MavenArtifact> maven;  // for Spark's jars, without the optional ones that cannot be had
  std::map<std::string, std::vector<MavenArtifact>> apart;  // those for other folders, by them
  ImageFacts facts;
  Findings findings;
};

// Whether an artifact stays out of the image: nobody asked for it, and Spark's own jars have it, in whatever version.
// Two versions on one class path are worse than a version that is a little off.
bool is_left_out(const ImageFacts& facts, const Recipe& recipe, const MavenArtifact& artifact);

// Of a suite of Debian's (debian.org/releases), "3.11"; "" of others.
std::string python_of(const std::string& suite);

// `folder` is where the recipe's own files are. Blocks: Spark is fetched where it is not there. With `renew`, Maven is
// asked again. Throws Error.
Examined examine(const Recipe& recipe, const Path& folder, const BuildCache& cache, const Registries& registries,
                 bool renew, const std::function<void(std::string_view)>& say);

}  // namespace spoke::image
