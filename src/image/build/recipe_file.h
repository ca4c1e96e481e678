// Recipes as files: YAML, or a Dockerfile.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/files.h"
#include "image/build/cache.h"
#include "image/build/recipe.h"
#include "image/registry/registries.h"

namespace spoke::image {

struct RecipeFileOptions {
  std::map<std::string, std::string> arguments;  // a Dockerfile's ARG
  Path context;                                  // what a Dockerfile copies from, if not its own folder
};

struct RecipeInFolder {
  Recipe recipe;
  Path folder;  // where its own files are
};

// A Dockerfile's recipe is called as the file ("azure" of azure.Dockerfile and Dockerfile.azure), else as its context;
// its base is read, for its variables. Blocks. Throws Error.
RecipeInFolder read_recipe(const Path& file, const RecipeFileOptions& options, const BuildCache& cache,
                           const Registries& registries, const std::function<void(std::string_view)>& say);

}  // namespace spoke::image
