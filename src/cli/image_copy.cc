// `spoke image pull`, `push` and `copy`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/image_commands.h"
#include "cli/image_places.h"
#include "cli/options.h"
#include "cli/registry_flags.h"
#include "cli/terminal.h"
#include "cli/transfer_line.h"
#include "image/build/transport.h"
#include "image/image_store.h"
#include "image/manifest.h"
#include "image/registry/pull.h"

namespace spoke::cli {
namespace {

struct Options {
  std::string from, to;
  std::vector<std::string> names;
  std::string data, cache;
  RegistryFlags registries;
  bool all = false, quiet = false;
};

int pull(const Options& options) {
  image::ImageStore store = store_in(options.data);
  const image::Registries registries = options.registries.registries();
  for (const std::string& name : options.names) {
    TransferLine line(options.quiet ? "" : "pulling " + name);
    image::pull_image(store, registries, name, line.told());
    line.end();
    print("Pulled " + image::parse_reference(name).str() + "\n");
  }
  return 0;
}

int copy(const Options& options) {
  const image::Place from = place_in(options.from, "FROM"), to = place_in(options.to, "TO");
  const image::BuildCache cache = cache_in(options.cache);
  const image::Registries registries = options.registries.registries();
  TransferLine reading(options.quiet ? "" : "reading");
  const image::ImageSet set =
      image::Transport(cache, registries, reading.told()).read(from, options.all ? "" : image::machine_architecture());
  reading.end();
  TransferLine writing(options.quiet ? "" : "writing");
  image::ImageStore store = store_in(options.data);
  image::Transport(cache, registries, writing.told()).write(to, set, store);
  writing.end();
  for (const image::ImageBlobs& image : set.images) {
    const std::vector<std::string> names = to.name.empty() ? image.names : std::vector{to.name};
    if (names.empty()) print(image.manifest.digest + "\n");
    for (const std::string& name : names) print(fmt::format("{} {}\n", image.manifest.digest, name));
  }
  return 0;
}

void add_common(CLI::App& app, Options& options) {
  options.registries.add_to(app);
  app.add_flag("-q,--quiet", options.quiet, "no progress");
  app.add_option("--data", options.data, "of store:, where the cluster keeps its data, if not in $XDG_DATA_HOME/spoke")
      ->type_name("DIR");
}

constexpr const char* kPlaces = "oci:FOLDER[:TAG], oci-archive:FILE[:TAG] or docker://NAME";

}  // namespace

Action set_up_image_pull(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("name", options->names, "images, such as docker.io/library/spark:4.1.4")
      ->required()
      ->type_name("NAME");
  add_common(app, *options);
  return [options] { return pull(*options); };
}

Action set_up_image_push(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  options->to = "docker://";
  app.add_option("from", options->from, kPlaces)->required()->type_name("FROM");
  app.add_option("to", options->to, "docker://NAME; docker:// for the names that the images have")
      ->capture_default_str()
      ->type_name("TO");
  app.add_flag("--all", options->all, "with all platforms, not this machine's alone");
  app.add_option("--cache", options->cache, "where blobs are kept from one time to the next")->type_name("DIR");
  add_common(app, *options);
  return [options] { return copy(*options); };
}

Action set_up_image_copy(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("from", options->from, kPlaces)->required()->type_name("FROM");
  app.add_option("to", options->to, std::string(kPlaces) + ", or store:")->required()->type_name("TO");
  app.add_flag("--all", options->all, "with all platforms, not this machine's alone");
  app.add_option("--cache", options->cache, "where blobs are kept from one time to the next")->type_name("DIR");
  add_common(app, *options);
  return [options] { return copy(*options); };
}

}  // namespace spoke::cli
