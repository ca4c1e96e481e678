#include <CLI/CLI.hpp>
#include <memory>

#include "cli/image_commands.h"
#include "cli/image_places.h"
#include "cli/options.h"
#include "cli/recipe_flags.h"
#include "cli/terminal.h"
#include "data/json.h"
#include "data/yaml.h"
#include "image/build/check_classes.h"
#include "image/build/examine.h"
#include "image/build/recipe_file.h"

namespace spoke::cli {
namespace {

struct Options {
  std::vector<std::string> what;
  std::string executor, output;
  RecipeFlags of_recipes;
  bool classes = false;
};

json::array to_json(const image::Findings& findings) {
  json::array out;
  for (const image::Finding& finding : findings)
    out.push_back(json::object{{"rule", finding.rule},
                               {"subject", finding.subject},
                               {"problem", finding.problem},
                               {"remedy", finding.remedy}});
  return out;
}

struct Checked {
  image::ImageFacts facts;
  image::Findings findings;
};

class Check {
 public:
  explicit Check(const Options& options)
      : options_(options),
        cache_(cache_in(options.of_recipes.cache_dir)),
        registries_(options.of_recipes.registries.registries()) {}

  // A recipe's file, or else an image.
  Checked run(const std::string& what) const {
    if (!std::filesystem::is_regular_file(what)) return image(what);
    try {
      return recipe(what);
    } catch (const Error& e) {
      fail("{}: {}", what, e.what());
    }
  }

  // Groups by their recipes.
  static std::vector<std::string> list(const std::vector<std::string>& names) {
    std::vector<std::string> out;
    for (const std::string& name : names) {
      if (!std::filesystem::is_regular_file(name)) {
        out.push_back(name);
        continue;
      }
      try {
        for (const image::ListedRecipe& listed : image::list_recipes(name)) out.push_back(listed.file);
      } catch (const Error& e) {
        fail("{}: {}", name, e.what());
      }
    }
    return out;
  }

 private:
  Checked recipe(const std::string& file) const {
    const auto say = [&](std::string_view line) { print_error(fmt::format("{}: {}\n", file, line)); };
    const auto [recipe, folder] =
        image::read_recipe(file, options_.of_recipes.file_options(), cache_, registries_, say);
    image::Examined out = image::examine(recipe, folder, cache_, registries_, options_.of_recipes.renew, say);
    if (options_.classes || !recipe.identity.empty()) {
      const image::MavenCache maven(cache_.dir(), options_.of_recipes.renew, say);
      for (image::Finding& finding : image::check_classes(out, recipe, folder, cache_, maven))
        out.findings.push_back(std::move(finding));
    }
    return {std::move(out.facts), std::move(out.findings)};
  }

  Checked image(const std::string& name) const {
    Checked out;
    image::add_facts(read_image_at(name, cache_, registries_), false, out.facts);
    if (out.facts.spark.empty()) print_error(name + ": no Spark was found in it\n");
    out.findings = image::check(out.facts);
    return out;
  }

  const Options& options_;
  image::BuildCache cache_;
  image::Registries registries_;
};

int check(const Options& options) {
  if (!options.executor.empty() && options.what.size() != 1)
    throw UsageError("--executor is compared with one driver's image");
  const Check all(options);
  json::array out;
  bool all_fit = true;
  for (const std::string& what : all.list(options.what)) {
    Checked checked = all.run(what);
    if (!options.executor.empty()) {
      const Checked executor = all.run(options.executor);
      for (const image::Finding& finding : image::check_pair(checked.facts, executor.facts))
        checked.findings.push_back(finding);
    }
    all_fit = all_fit && checked.findings.empty();
    if (options.output.empty()) print(findings_text(what, checked.findings));
    out.push_back(json::object{{std::filesystem::is_regular_file(what) ? "recipe" : "image", what},
                               {"findings", to_json(checked.findings)}});
  }
  if (options.output == "json") print(json::dump_pretty(out) + "\n");
  if (options.output == "yaml") print(yaml::dump(out));
  return all_fit ? 0 : kMisfits;
}

}  // namespace

std::string findings_text(const std::string& what, const image::Findings& findings) {
  std::string out = fmt::format("{}: {}\n", what, findings.empty() ? "its parts fit" : "its parts do not fit");
  for (const image::Finding& finding : findings)
    out += fmt::format("  {}: {}\n    {}\n    {}\n", finding.rule, finding.subject, finding.problem, finding.remedy);
  return out;
}

Action set_up_image_check(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("what", options->what,
                 "recipes or Dockerfiles, or images: docker://NAME, oci:FOLDER[:TAG], oci-archive:FILE[:TAG], NAME")
      ->required()
      ->type_name(takes::kFile);
  app.add_option("--executor", options->executor,
                 "the executors' image or recipe, where they have their own: compared with the driver's")
      ->type_name("IMAGE");
  add_output_option(app, options->output, {"json", "yaml"}, "for scripts");
  options->of_recipes.add_reading_to(app);
  app.add_flag(
      "--classes", options->classes,
      "fetch a recipe's artifacts and look whether their classes fit, too; `build` always does, and so does check "
      "of a recipe with `identity`");
  app.add_flag("--renew", options->of_recipes.renew, "ask Maven anew");
  return [options] { return check(*options); };
}

}  // namespace spoke::cli
