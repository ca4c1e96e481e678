#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text/application.h"
#include "data/yaml.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  std::string name;
  std::string format = "yaml";
};

net::Task<int> get(Session& session, const Options& options) {
  const Object app = without_noise(co_await get_application(session, session.target.ns, options.name));
  print(options.format == "json" ? json::dump_pretty(app) + "\n" : yaml::dump(app));
  co_return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "the application")->required()->type_name(takes::kApplication);
  add_output_option(app, options->format, {"yaml", "json"}, "yaml, unless json is chosen");
  add_cluster_options(app, options->cluster);
  return [options] { return on_cluster(options->cluster, [&](Session& session) { return get(session, *options); }); };
}

}  // namespace

extern const Command get_command{
    .name = "get",
    .group = "Applications",
    .summary = "print a SparkApplication as it stands in the cluster",
    .details = "metadata.managedFields is left out.",
    .examples = "spoke get spark-pi\nspoke get spark-pi -o json | jq .status",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
