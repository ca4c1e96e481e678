#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text/application.h"
#include "client/apply_file.h"
#include "data/yaml.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  bool all_namespaces = false;
  std::string selector;
  std::string format;
};

std::string as_list(std::vector<Object> apps, bool yaml) {
  json::array items;
  for (auto& app : apps) items.push_back(without_noise(std::move(app)));
  const json::value list = json::object{{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}};
  return yaml ? yaml::dump(list) : json::dump_pretty(list) + "\n";
}

net::Task<int> list(Session& session, const Options& options) {
  const std::string ns = options.all_namespaces ? "" : session.target.ns;
  auto apps = co_await list_applications(session, ns, options.selector);
  if (options.format == "json" || options.format == "yaml") {
    print(as_list(std::move(apps), options.format == "yaml"));
  } else if (options.format == "name") {
    for (const auto& app : apps)
      print(client::display_name(client::resources::spark_applications, kube::name(app)) + "\n");
  } else if (apps.empty()) {
    complain(ns.empty() ? "no SparkApplications in any namespace" : "no SparkApplications in the namespace " + ns);
  } else {
    print(application_table(apps, {options.format == "wide", options.all_namespaces}, now())
              .text(use_colour(Stream::Out)));
  }
  co_return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_flag("-A,--all-namespaces", options->all_namespaces, "in all namespaces");
  app.add_option("-l,--selector", options->selector, "only those with these labels, as kubectl takes them")
      ->type_name("SELECTOR");
  add_output_option(app, options->format, {"wide", "json", "yaml", "name"}, "more columns, or for programs");
  add_cluster_options(app, options->cluster);
  return [options] { return on_cluster(options->cluster, [&](Session& session) { return list(session, *options); }); };
}

}  // namespace

extern const Command list_command{
    .name = "list",
    .group = "Applications",
    .summary = "list SparkApplications",
    .details =
        "EXECUTORS is how many run, of how many are wanted. RUN TIME is since the last submission, to the end "
        "of the application.",
    .examples = "spoke list\nspoke list -A -o wide\nspoke list -l team=ads -o name",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
