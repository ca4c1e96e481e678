#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "cli/image_commands.h"
#include "cli/image_places.h"
#include "cli/options.h"
#include "cli/recipe_flags.h"
#include "cli/terminal.h"
#include "image/docker/bake.h"
#include "image/docker/context.h"

namespace spoke::cli {
namespace {

struct Options {
  RecipeFlags of_recipes;
  std::string output;
};

void write_context(const RecipeFlags::Read& read, const image::BuildCache& cache, const Path& to) {
  const image::MavenCache maven(cache.dir(), read.fitting.renew, read.fitting.say);
  const image::Examined examined = image::examine_fitting(read.recipe, read.folder, cache, maven, read.fitting);
  image::write_docker_context(read.recipe, read.folder, examined, maven, to);
}

int dockerfile(const Options& options) {
  const image::BuildCache cache = cache_in(options.of_recipes.cache_dir);
  const Path to = options.output;
  bool is_written = false;
  const int status = options.of_recipes.for_each(cache, [&](const RecipeFlags::Read& read) {
    if (is_written) throw UsageError("a folder holds one Dockerfile; `spoke image bake` writes several");
    write_context(read, cache, to);
    is_written = true;
  });
  if (status == 0) print(fmt::format("{} is written; build it with: docker build {}\n", to.string(), to.string()));
  return status;
}

int bake(const Options& options) {
  const image::BuildCache cache = cache_in(options.of_recipes.cache_dir);
  const Path to = options.output, file = to / "docker-bake.hcl";
  if (std::filesystem::exists(file)) fail("{} is there already; name another folder with --output", file.string());
  std::map<std::string, image::Recipe> recipes;  // by targets
  std::vector<image::BakeTarget> targets;
  std::map<std::string, std::vector<std::string>> groups;
  const int status = options.of_recipes.for_each(cache, [&](const RecipeFlags::Read& read) {
    const std::string name = image::bake_name(read.listed.file.stem().string());
    const auto [at, fresh] = recipes.try_emplace(name, read.recipe);
    if (!fresh) fail("two recipes would be the target {}; give their files other names", name);
    write_context(read, cache, to / name);
    targets.push_back({name, name, &at->second});
    for (const std::string& group : read.listed.groups) groups[group].push_back(name);
  });
  if (status != 0) return status;
  groups.erase("default");  // which is all of them
  write_file(file, image::bake_file(targets, groups));
  print(fmt::format("{} is written; build its targets with: docker buildx bake, there\n", file.string()));
  return 0;
}

Action set_up(CLI::App& app, int (*run)(const Options&), const char* output) {
  const auto options = std::make_shared<Options>();
  options->of_recipes.add_to(app);
  app.add_option("-o,--output", options->output, output)->required()->type_name("DIR");
  return [options, run] { return run(*options); };
}

}  // namespace

Action set_up_image_dockerfile(CLI::App& app) {
  return set_up(app, dockerfile, "the folder that is made, with a Dockerfile and what it copies");
}

Action set_up_image_bake(CLI::App& app) {
  return set_up(app, bake, "the folder that gets docker-bake.hcl, and a folder for each of its targets");
}

}  // namespace spoke::cli
