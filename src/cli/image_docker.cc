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
#include "image/staging.h"

namespace spoke::cli {
namespace {

struct Options {
  RecipeFlags of_recipes;
  std::string output;
};

// A folder of the user's that is made whole or not at all.
class NewFolder {
 public:
  explicit NewFolder(const std::string& to)
      : to_(checked(to)), staging_((make_dirs(to_.parent_path()), to_.parent_path())) {
    make_dirs(path());
  }

  Path path() const { return staging_.path() / "folder"; }

  void publish() const {
    std::error_code failed;
    std::filesystem::rename(path(), to_, failed);
    if (failed) fail("{} could not be made: {}", to_.string(), failed.message());
  }

 private:
  static Path checked(const std::string& to) {
    if (to.empty()) throw UsageError("--output names no folder");
    Path whole = std::filesystem::absolute(to).lexically_normal();
    if (!whole.has_filename()) whole = whole.parent_path();
    if (std::filesystem::exists(whole)) fail("{} is there already; name another folder with --output", whole.string());
    return whole;
  }

  Path to_;
  image::Staging staging_;
};

void write_context(const RecipeFlags::Read& read, const image::BuildCache& cache, const Path& to) {
  const image::MavenCache maven(cache.dir(), read.fitting.renew, read.fitting.say);
  const image::Examined examined = image::examine_fitting(read.recipe, read.folder, cache, maven, read.fitting);
  image::write_docker_context(read.recipe, read.folder, examined, maven, to);
}

int dockerfile(const Options& options) {
  const image::BuildCache cache = cache_in(options.of_recipes.cache_dir);
  const NewFolder folder(options.output);
  bool is_written = false;
  const int status = options.of_recipes.for_each(cache, [&](const RecipeFlags::Read& read) {
    if (is_written) throw UsageError("a folder holds one Dockerfile; `spoke image bake` writes several");
    write_context(read, cache, folder.path());
    is_written = true;
  });
  if (status != 0) return status;
  folder.publish();
  print(fmt::format("{} is written; build it with: docker build {}\n", options.output, options.output));
  return 0;
}

// By its file, of which there may be several with one recipe's name; a Dockerfile's recipe is called as its file
// already.
std::string target_name(const RecipeFlags::Read& read) {
  const Path extension = read.listed.file.extension();
  const bool is_yaml = extension == ".yaml" || extension == ".yml";
  return image::bake_name(is_yaml ? read.listed.file.stem().string() : read.recipe.name);
}

int bake(const Options& options) {
  const image::BuildCache cache = cache_in(options.of_recipes.cache_dir);
  const NewFolder folder(options.output);
  std::map<std::string, image::Recipe> recipes;  // by targets
  std::vector<image::BakeTarget> targets;
  std::map<std::string, std::vector<std::string>> groups;
  const int status = options.of_recipes.for_each(cache, [&](const RecipeFlags::Read& read) {
    const std::string name = target_name(read);
    const auto [at, fresh] = recipes.try_emplace(name, read.recipe);
    if (!fresh) fail("two recipes would be the target {}; give their files other names", name);
    write_context(read, cache, folder.path() / name);
    targets.push_back({name, name, &at->second});
    for (const std::string& group : read.listed.groups) groups[group].push_back(name);
  });
  if (status != 0) return status;
  groups.erase("default");  // which is all of them
  for (const auto& [group, _] : groups)
    if (recipes.contains(group))
      fail("{} is a group and a recipe, of which bake builds one; call the group otherwise", group);
  write_file(folder.path() / "docker-bake.hcl", image::bake_file(targets, groups));
  folder.publish();
  print(fmt::format("{}/docker-bake.hcl is written; build its targets with: docker buildx bake, there\n",
                    options.output));
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
  return set_up(app, bake, "the folder that is made, with docker-bake.hcl and a folder for each of its targets");
}

}  // namespace spoke::cli
