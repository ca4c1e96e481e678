// What commands take that make something of recipes.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/registry_flags.h"
#include "image/build/cache.h"
#include "image/build/fitting.h"
#include "image/build/recipe_file.h"

namespace spoke::cli {

struct RecipeFlags {
  std::vector<std::string> recipes, arguments;
  std::string context, cache_dir;
  RegistryFlags registries;
  bool renew = false, force = false, quiet = false;

  // Of Dockerfiles, --cache and those of registries.
  void add_reading_to(CLI::App& app);
  // The recipes, and all else.
  void add_to(CLI::App& app);

  image::RecipeFileOptions file_options() const;  // throws UsageError

  struct Read {
    image::ListedRecipe listed;
    image::Recipe recipe;
    Path folder;
    image::FittingOptions fitting;
  };
  // For each recipe, of groups too. Returns kMisfits, with the findings printed, where the parts of one do not fit and
  // `each` says so by image::Misfits; else 0. Throws Error that names the file.
  int for_each(const image::BuildCache& cache, const std::function<void(const Read&)>& each) const;
};

}  // namespace spoke::cli
