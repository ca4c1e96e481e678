#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cluster/paths.h"
#include "image/image_store.h"

namespace spoke::cli {
namespace {

struct Options {
  std::string archive;
  std::string as;
  std::string data;
};

image::ImageStore images(const Options& options) {
  const cluster::Paths paths = options.data.empty() ? cluster::Paths::standard() : cluster::Paths(options.data);
  return image::ImageStore(paths.images(), {}, {});
}

int load(const Options& options) {
  for (const auto& name : images(options).load(options.archive, options.as)) print("Loaded " + name + "\n");
  return 0;
}

int list(const Options& options) {
  for (const auto& name : images(options).list()) print(name + "\n");
  return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("--data", options->data, "where the cluster keeps its data, if not in $XDG_DATA_HOME/spoke")
      ->type_name("DIR");
  CLI::App* loading = app.add_subcommand("load", "take in an image from an OCI archive or `docker save`'s output");
  loading->add_option("archive", options->archive, "the archive")->required()->type_name(takes::kFile);
  loading->add_option("--as", options->as, "the name to know it by")->type_name("NAME");
  CLI::App* listing = app.add_subcommand("list", "list the images that were loaded");
  app.require_subcommand(1);
  return [options, loading, listing] {
    if (*loading) return load(*options);
    return *listing ? list(*options) : kUsage;
  };
}

}  // namespace

extern const Command image_command{
    .name = "image",
    .group = "The embedded cluster",
    .summary = "load and list images of the embedded cluster",
    .details = "",
    .examples = "spoke image load spark.oci.tar --as example.org/spark:4.1.4\nspoke image list",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
