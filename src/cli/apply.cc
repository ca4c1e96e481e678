#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  std::vector<std::string> files;
  bool force = false;
};

net::Task<int> apply_all(Session& session, const Options& options) {
  client::RestMapper mapper(session.api);
  client::ApplyOptions apply;
  apply.ns = session.target.ns;
  apply.ns_is_binding = !options.cluster.ns.empty();
  apply.force = options.force;
  for (auto& document : read_files(options.files)) {
    const auto applied = co_await client::apply_object(session.api, mapper, std::move(document), apply);
    print(told(applied) + "\n");
  }
  co_return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("FILE,-f,--filename", options->files, "YAML or JSON, several documents; - is standard input")
      ->required()
      ->type_name(takes::kFile);
  app.add_flag("--force", options->force, "take over fields that others manage");
  add_cluster_options(app, options->cluster);
  return [options] {
    return on_cluster(options->cluster, [&](Session& session) { return apply_all(session, *options); });
  };
}

}  // namespace

extern const Command apply_command{
    .name = "apply",
    .group = "Applications",
    .summary = "apply objects of any kind from files",
    .details =
        "By server-side apply with the field manager spoke, in the order of the file. To follow an application to "
        "its end, use `spoke run`.",
    .examples = "spoke apply rbac.yaml\nspoke apply -f crds.yaml -f pi.yaml\nkustomize build . | spoke apply -",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
