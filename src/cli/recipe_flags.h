// What commands take that read recipes, besides them: of Dockerfiles.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/options.h"
#include "image/build/recipe_file.h"

namespace spoke::cli {

struct RecipeFlags {
  std::vector<std::string> arguments;
  std::string context;

  void add_to(CLI::App& app) {
    app.add_option("--build-arg", arguments, "of a Dockerfile, the value of an ARG")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    app.add_option("--context", context, "of a Dockerfile, the folder that it copies from, if not its own")
        ->type_name("DIR");
  }

  image::RecipeFileOptions options() const {
    image::RecipeFileOptions out{.arguments = {}, .context = context};
    for (const std::string& one : arguments) {
      const auto equals = one.find('=');
      if (equals == 0 || equals == std::string::npos)
        throw UsageError("--build-arg: \"" + one + "\" must be NAME=VALUE");
      out.arguments[one.substr(0, equals)] = one.substr(equals + 1);
    }
    return out;
  }
};

}  // namespace spoke::cli
