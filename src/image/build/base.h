// What a recipe's image stands on where that is another image, and what an image has to say of itself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "image/build/cache.h"
#include "image/build/layout.h"
#include "image/build/listing.h"
#include "image/build/recipe.h"
#include "image/build/transport.h"
#include "image/check/facts.h"

namespace spoke::image {

// Of an image's Python: "3.11", the folder that its packages go to, and itself. "" where it has none.
struct PythonPlace {
  std::string version, packages, program;
};
// PYSPARK_PYTHON, or the first python3 on the PATH of the environment ("NAME=value").
PythonPlace find_python(const LowerPaths& paths, const std::vector<std::string>& env);

// Where a path leads in an image, without the first slash.
std::string resolved(const LowerPaths& paths, const std::string& path);

struct BaseImage {
  ImageContents contents;  // its layers are in the cache
  ImageListing listing;
  std::string digest, created;  // of its manifest; when, as RFC 3339

  // The value of a variable of its environment, "" where it has none.
  std::string variable(std::string_view name) const;
  std::string spark_home() const;  // where its Spark is, "/opt/spark"; "" where it has none
  int java_version() const;        // 0 where it does not say
};

// The one image at `place`. Blocks. Throws Error.
BaseImage read_image(const Place& place, const std::string& architecture, const BuildCache& cache,
                     const Transport& transport);

// Spark, Scala, Java, Python and the jars. `as_shipped`: all of its jars count as Spark's own.
void add_facts(const BaseImage& image, bool as_shipped, ImageFacts& facts);

// Nothing where the recipe's base is made here. `folder` is where the recipe's own files are. Blocks. Throws Error.
std::optional<BaseImage> get_base(const Recipe& recipe, const Path& folder, const std::string& architecture,
                                  const BuildCache& cache, const Registries& registries,
                                  const std::function<void(std::string_view)>& say);

}  // namespace spoke::image
