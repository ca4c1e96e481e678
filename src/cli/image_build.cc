#include "cli/image_commands.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "base/glob.h"
#include "base/strings.h"
#include "cli/image_places.h"
#include "cli/options.h"
#include "cli/recipe_flags.h"
#include "cli/terminal.h"
#include "image/build/builder.h"

namespace spoke::cli {
namespace {

struct Options {
  std::string output = "store:", data, compression = "zstd";
  std::vector<std::string> tags, sets;
  RecipeFlags of_recipes;
};

// "NAME.tags=TAG,..." as bake's --set; NAME may have "*" for any letters.
std::vector<std::string> tags_for(const Options& options, const std::string& name) {
  std::vector<std::string> out = options.tags;
  for (const std::string& set : options.sets) {
    constexpr std::string_view field = ".tags=";
    const auto at = set.find(field);
    if (at == std::string::npos) throw UsageError(fmt::format("--set: \"{}\" must be NAME.tags=TAG", set));
    if (matches_glob(std::string_view(set).substr(0, at), name)) out = split(set.substr(at + field.size()), ',');
  }
  return out;
}

image::Packing packing_of(const std::string& word) {
  if (word == "gzip") return image::Packing::Gzip;
  return word == "none" ? image::Packing::None : image::Packing::Zstd;
}

int build(const Options& options) {
  const image::Place target = place_in(options.output, "--output");
  const image::BuildCache cache = cache_in(options.of_recipes.cache_dir);
  std::vector<image::ImageBlobs> images;
  const int status = options.of_recipes.for_each(cache, [&](const RecipeFlags::Read& read) {
    const auto begun = std::chrono::steady_clock::now();
    images.push_back(image::build_image(read.recipe, read.folder, cache,
                                        {.packing = packing_of(options.compression),
                                         .fitting = read.fitting,
                                         .tags = tags_for(options, read.recipe.name)}));
    read.fitting.say(fmt::format("built in {:.1f} s",
                                 std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count()));
  });
  if (status != 0) return status;
  send_images(images, target, cache,
              {options.of_recipes.registries.registries(), options.data, options.of_recipes.quiet});
  return 0;
}

constexpr std::string_view kRecipe =
    R"(# A recipe of `spoke image build`. It holds code: configuration is mounted from a ConfigMap.
# yaml-language-server: $schema=recipe.schema.yaml
name: {}
base: debian:bookworm
java: 17
spark:
  version: 4.1.4
# maven:                                  # to /opt/spark/jars, with what they need at run time
# - org.apache.hadoop:hadoop-aws:3.4.2
# python:
#   requirements: [pandas==2.3.3]
# jars: [build/app.jar]                   # to /opt/spark/jars
# files:
# - {{from: src/jobs, to: /opt/jobs}}
# tags: [registry.example.org/{}:1.0]
)";

struct InitOptions {
  std::string name = "spark", output;
};

int init(const InitOptions& options) {
  const std::string text = fmt::format(kRecipe, options.name, options.name);
  image::parse_recipe(text);  // its name may be none
  const Path file = options.output.empty() ? options.name + ".yaml" : options.output;
  if (file == "-") {
    print(text);
    return 0;
  }
  if (std::filesystem::exists(file)) fail("{} is there already; name another file with --output", file.string());
  write_file(file, text);
  print(file.string() + " is written; build it with: spoke image build " + file.string() + "\n");
  return 0;
}

}  // namespace

Action set_up_image_build(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  options->of_recipes.add_to(app);
  app.add_option("-o,--output", options->output,
                 "oci:FOLDER[:TAG] or oci-archive:FILE[:TAG], OCI layouts; docker://NAME, a registry's, or docker:// "
                 "by the tags of each; store:, the embedded cluster's own images")
      ->capture_default_str()
      ->type_name("WHERE");
  app.add_option("-t,--tag", options->tags, "what the image is called, in the place of the recipe's tags")
      ->type_name("NAME");
  app.add_option("--set", options->sets, "tags by recipes: NAME.tags=TAG[,TAG...]; \"*.tags=TAG\" for all")
      ->type_name("NAME.tags=TAG");
  app.add_option("--compression", options->compression,
                 "of layers; zstd is read by containerd 1.5 and Docker 23, and newer")
      ->check(CLI::IsMember({"zstd", "gzip", "none"}))
      ->capture_default_str()
      ->type_name("zstd|gzip|none");
  app.add_option("--data", options->data, "of store:, where the cluster keeps its data, if not in $XDG_DATA_HOME/spoke")
      ->type_name("DIR");
  return [options] { return build(*options); };
}

Action set_up_image_init(CLI::App& app) {
  const auto options = std::make_shared<InitOptions>();
  app.add_option("name", options->name, "the image's")->capture_default_str()->type_name("NAME");
  app.add_option("-o,--output", options->output, "the file, NAME.yaml if not given; - for standard output")
      ->type_name(takes::kFile);
  return [options] { return init(*options); };
}

}  // namespace spoke::cli
