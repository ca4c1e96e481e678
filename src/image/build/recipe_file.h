// Recipes as files: YAML, a Dockerfile, or a group of them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

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

struct ListedRecipe {
  Path file;
  std::vector<std::string> groups;  // that it is of, the outermost first
};
// A file's recipe, or those of a group, in its order. Throws Error for a group that is in itself.
std::vector<ListedRecipe> list_recipes(const Path& file);

// A Dockerfile's recipe is called as the file ("azure" of azure.Dockerfile and Dockerfile.azure), else as its context;
// its base is read, for its variables. Blocks. Throws Error.
RecipeInFolder read_recipe(const Path& file, const RecipeFileOptions& options, const BuildCache& cache,
                           const Registries& registries, const std::function<void(std::string_view)>& say);

}  // namespace spoke::image
