#include "cli/recipe_flags.h"

#include <fmt/format.h>

#include "cli/image_commands.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace spoke::cli {

void RecipeFlags::add_reading_to(CLI::App& app) {
  app.add_option("--build-arg", arguments, "of a Dockerfile, the value of an ARG")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--context", context, "of a Dockerfile, the folder that it copies from, if not its own")
      ->type_name("DIR");
  app.add_option("--cache", cache_dir, "where layers, images and Maven's answers are kept from one time to the next")
      ->type_name("DIR");
  registries.add_to(app);
}

void RecipeFlags::add_to(CLI::App& app) {
  app.add_option("recipe", recipes,
                 "recipes, see images/recipe.schema.yaml; groups of them; or Dockerfiles that run nothing")
      ->required()
      ->type_name(takes::kFile);
  add_reading_to(app);
  app.add_flag("--renew", renew,
               "make anew what comes from Debian and PyPI, whose newest versions may be others by now, and ask Maven "
               "anew");
  app.add_flag("--force", force, "go on in spite of what does not fit, or does not belong into an image");
  app.add_flag("-q,--quiet", quiet, "no progress");
}

image::RecipeFileOptions RecipeFlags::file_options() const {
  image::RecipeFileOptions out{.arguments = {}, .context = context};
  for (const std::string& one : arguments) {
    const auto equals = one.find('=');
    if (equals == 0 || equals == std::string::npos) throw UsageError("--build-arg: \"" + one + "\" must be NAME=VALUE");
    out.arguments[one.substr(0, equals)] = one.substr(equals + 1);
  }
  return out;
}

int RecipeFlags::for_each(const image::BuildCache& cache, const std::function<void(const Read&)>& each) const {
  const image::RecipeFileOptions how = file_options();
  const image::Registries from = registries.registries();
  std::string file;  // that is worked on
  const auto say = [&](std::string_view line) {
    if (!quiet) print_error(fmt::format("{}: {}\n", file, line));
  };
  try {
    for (const std::string& given : recipes) {
      file = given;
      for (const image::ListedRecipe& listed : image::list_recipes(given)) {
        file = listed.file;
        auto [recipe, folder] = image::read_recipe(listed.file, how, cache, from, say);
        each({listed, std::move(recipe), folder, {.registries = from, .renew = renew, .force = force, .say = say}});
      }
    }
  } catch (const UsageError&) {
    throw;
  } catch (const image::Misfits& e) {
    print_error(findings_text(file, e.findings) + "mend the recipe, or take it as it is with --force\n");
    return kMisfits;
  } catch (const Error& e) {
    fail("{}: {}", file, e.what());
  }
  return 0;
}

}  // namespace spoke::cli
