#include <CLI/CLI.hpp>
#include <memory>

#include "cli/image_build.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "data/json.h"
#include "data/yaml.h"
#include "image/build/examine.h"

namespace spoke::cli {
namespace {

constexpr int kMisfits = 3;

struct Options {
  std::vector<std::string> recipes;
  std::string cache, output;
  bool renew = false;
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

int check(const Options& options) {
  const image::BuildCache cache(options.cache.empty() ? image::BuildCache::standard() : Path(options.cache));
  json::array recipes;
  bool all_fit = true;
  for (const std::string& file : options.recipes) {
    image::Findings findings;
    try {
      const image::Recipe recipe = image::parse_recipe(read_file(file));
      const auto say = [&](std::string_view line) { print_error(fmt::format("{}: {}\n", recipe.name, line)); };
      findings = image::examine(recipe, Path(file).parent_path(), cache, options.renew, say).findings;
    } catch (const Error& e) {
      fail("{}: {}", file, e.what());
    }
    all_fit = all_fit && findings.empty();
    if (options.output.empty()) {
      print(fmt::format("{}: {}\n", file, findings.empty() ? "its parts fit" : "its parts do not fit"));
      for (const image::Finding& finding : findings)
        print(
            fmt::format("  {}: {}\n    {}\n    {}\n", finding.rule, finding.subject, finding.problem, finding.remedy));
    }
    recipes.push_back(json::object{{"recipe", file}, {"findings", to_json(findings)}});
  }
  if (options.output == "json") print(json::dump_pretty(recipes) + "\n");
  if (options.output == "yaml") print(yaml::dump(recipes));
  return all_fit ? 0 : kMisfits;
}

}  // namespace

Action set_up_image_check(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("recipe", options->recipes, "recipes, see images/recipe.schema.yaml")
      ->required()
      ->type_name(takes::kFile);
  add_output_option(app, options->output, {"json", "yaml"}, "for scripts");
  app.add_option("--cache", options->cache, "where Maven's answers are kept")->type_name("DIR");
  app.add_flag("--renew", options->renew, "ask Maven anew");
  return [options] { return check(*options); };
}

}  // namespace spoke::cli
