#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/terminal.h"
#include "client/kubeconfig.h"
#include "cluster/launch.h"

namespace spoke::cli {
namespace {

struct Options {
  bool keep_data = false;
  std::string data;
};

int down(const Options& options) {
  const cluster::Paths paths = options.data.empty() ? cluster::Paths::standard() : cluster::Paths(options.data);
  const bool did = cluster::stop(paths, options.keep_data);
  client::remove_context(client::kubeconfig_path(), "spoke");
  print(did ? options.keep_data ? "The cluster is down; its objects are kept for the next `spoke up`.\n"
                                : "The cluster is down, and its objects are gone.\n"
            : "There was no cluster.\n");
  return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_flag("--keep-data", options->keep_data, "keep the objects for the next `spoke up`; pods end all the same");
  app.add_option("--data", options->data, "where the cluster keeps its data, if not in $XDG_DATA_HOME/spoke")
      ->type_name("DIR");
  return [options] { return down(*options); };
}

}  // namespace

extern const Command down_command{
    .name = "down",
    .group = "The embedded cluster",
    .summary = "stop the embedded cluster and delete it",
    .details =
        "Ends the cluster's process, its pods and its network, and takes its context out of the kubeconfig. Objects "
        "are deleted unless --keep-data is given; images stay.",
    .examples = "spoke down\nspoke down --keep-data",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
