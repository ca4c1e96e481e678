// `spoke image inspect`, `diff` and `sbom`.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/strings.h"
#include "cli/image_commands.h"
#include "cli/image_places.h"
#include "cli/options.h"
#include "cli/registry_flags.h"
#include "cli/terminal.h"
#include "data/json.h"
#include "data/yaml.h"
#include "image/build/inventory.h"
#include "image/image_config.h"

namespace spoke::cli {
namespace {

constexpr int kDiffer = 3;

struct Options {
  std::string image, other, output, cache;
  RegistryFlags registries;
  bool exit_code = false;
};

image::BaseImage read(const Options& options, const std::string& name) {
  return read_image_at(name, cache_in(options.cache), options.registries.registries());
}

json::object to_json(const image::BaseImage& image) {
  image::ImageFacts facts;
  image::add_facts(image, false, facts);
  json::array layers;
  std::int64_t size = 0;
  for (const image::LayerBlob& layer : image.contents.layers) {
    size += layer.blob.size;
    layers.push_back(json::object{{"digest", layer.blob.digest},
                                  {"mediaType", layer.blob.media_type},
                                  {"size", layer.blob.size},
                                  {"createdBy", layer.created_by}});
  }
  json::object labels;
  for (const auto& [name, value] : image.contents.labels) labels[name] = value;
  json::object contents;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) contents[name] = value;
  };
  add("spark", facts.spark);
  add("scala", facts.scala);
  add("java", facts.java == 0 ? "" : std::to_string(facts.java));
  add("python", facts.python);
  json::object packages;
  std::map<std::string, std::int64_t> counts;
  for (const image::Package& package : image::inventory(image)) ++counts[image::word_of(package.kind)];
  for (const auto& [kind, count] : counts) packages[kind] = count;
  return {{"digest", image.digest},
          {"created", image.created},
          {"architecture", image.contents.architecture},
          {"size", size},
          {"contents", std::move(contents)},
          {"packages", std::move(packages)},
          {"config", image::to_json(image.contents.config)},
          {"labels", std::move(labels)},
          {"layers", std::move(layers)}};
}

std::string megabytes(std::int64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

void print_text(const image::BaseImage& image) {
  const json::value v = to_json(image);
  const auto line = [](std::string_view name, std::string_view value) {
    if (!value.empty()) print(fmt::format("{:<12}{}\n", name, value));
  };
  line("Digest", image.digest);
  line("Created", image.created);
  line("Platform", "linux/" + image.contents.architecture);
  line("Size", megabytes(json::num(v, "size")));
  std::vector<std::string> parts;
  for (const auto& [name, value] : json::members(v, "contents"))
    parts.push_back(std::string(name) + " " + json::to_string(value.get_string()));
  line("Contents", join(parts, ", "));
  parts.clear();
  for (const auto& [name, value] : json::members(v, "packages"))
    parts.push_back(fmt::format("{} of {}", value.to_number<std::int64_t>(), std::string_view(name)));
  line("Packages", join(parts, ", "));
  const image::ImageConfig& config = image.contents.config;
  line("User", config.user);
  line("Directory", config.working_dir);
  line("Entry point", join(config.entrypoint, " "));
  line("Command", join(config.cmd, " "));
  for (const std::string& entry : config.env) line("Env", entry);
  for (const auto& [name, value] : image.contents.labels) line("Label", name + "=" + value);
  for (const image::LayerBlob& layer : image.contents.layers)
    line("Layer",
         fmt::format("{}  {:>9}  {}", layer.blob.digest.substr(7, 12), megabytes(layer.blob.size), layer.created_by));
}

int inspect(const Options& options) {
  const image::BaseImage image = read(options, options.image);
  if (options.output == "json") print(json::dump_pretty(to_json(image)) + "\n");
  if (options.output == "yaml") print(yaml::dump(to_json(image)));
  if (options.output.empty()) print_text(image);
  return 0;
}

int sbom(const Options& options) {
  const image::BaseImage image = read(options, options.image);
  print(image::spdx_document(image, options.image, image.digest));
  return 0;
}

// "+ python six 1.17.0", "- ...", "~ maven org.slf4j:slf4j-api 2.0.16 -> 2.0.17".
template <class Change>
std::string change_line(const std::string& what, const Change& change) {
  if (change.from.empty()) return fmt::format("+ {} {}\n", what, change.to);
  if (change.to.empty()) return fmt::format("- {} {}\n", what, change.from);
  return fmt::format("~ {} {} -> {}\n", what, change.from, change.to);
}

int diff(const Options& options) {
  const image::BaseImage from = read(options, options.image), to = read(options, options.other);
  const auto packages = image::changes(image::inventory(from), image::inventory(to));
  const auto settings = image::changes(from.contents, to.contents);
  size_t shared = 0;
  for (const image::LayerBlob& layer : to.contents.layers)
    shared += std::ranges::count(from.contents.layers, layer.diff_id, &image::LayerBlob::diff_id) > 0 ? 1 : 0;
  const bool same = shared == to.contents.layers.size() && shared == from.contents.layers.size() && settings.empty();
  if (options.output.empty()) {
    for (const auto& change : settings) print(change_line(change.what, change));
    for (const auto& change : packages) print(change_line(image::word_of(change.kind) + " " + change.name, change));
    print(same ? "the same in all layers\n"
               : fmt::format("{} of {} layers are the same\n", shared, to.contents.layers.size()));
  } else {
    json::array of_packages, of_settings;
    for (const auto& change : packages)
      of_packages.push_back(json::object{
          {"kind", image::word_of(change.kind)}, {"name", change.name}, {"from", change.from}, {"to", change.to}});
    for (const auto& change : settings)
      of_settings.push_back(json::object{{"what", change.what}, {"from", change.from}, {"to", change.to}});
    const json::object out{{"packages", std::move(of_packages)},
                           {"settings", std::move(of_settings)},
                           {"layers", json::object{{"shared", shared}, {"of", to.contents.layers.size()}}}};
    print(options.output == "json" ? json::dump_pretty(out) + "\n" : yaml::dump(out));
  }
  return options.exit_code && !same ? kDiffer : 0;
}

void add_common(CLI::App& app, Options& options) {
  options.registries.add_to(app);
  app.add_option("--cache", options.cache, "where images are kept from one time to the next")->type_name("DIR");
}

constexpr const char* kImage = "docker://NAME, oci:FOLDER[:TAG], oci-archive:FILE[:TAG], or NAME of a registry";

}  // namespace

Action set_up_image_inspect(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("image", options->image, kImage)->required()->type_name("IMAGE");
  add_output_option(app, options->output, {"json", "yaml"}, "for scripts");
  add_common(app, *options);
  return [options] { return inspect(*options); };
}

Action set_up_image_diff(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("from", options->image, kImage)->required()->type_name("FROM");
  app.add_option("to", options->other, kImage)->required()->type_name("TO");
  add_output_option(app, options->output, {"json", "yaml"}, "for scripts");
  app.add_flag("--exit-code", options->exit_code, "end with 3 where they differ");
  add_common(app, *options);
  return [options] { return diff(*options); };
}

Action set_up_image_sbom(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("image", options->image, kImage)->required()->type_name("IMAGE");
  add_common(app, *options);
  return [options] { return sbom(*options); };
}

}  // namespace spoke::cli
