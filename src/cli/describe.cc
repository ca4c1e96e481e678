#include "cli/text/describe.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text/application.h"
#include "cli/text/pods.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  std::string name;
};

net::Task<std::vector<Object>> events_about(Session& session, std::string uid) {
  client::ListOptions options;
  options.field_selector = "involvedObject.uid=" + uid;
  co_return (co_await session.api.list(client::resources::events, session.target.ns, options)).items;
}

net::Task<int> describe_one(Session& session, const Options& options) {
  Described what;
  what.app = co_await get_application(session, session.target.ns, options.name);
  client::ListOptions pods;
  pods.label_selector = pods_selector(options.name);
  what.pods = (co_await session.api.list(client::resources::pods, session.target.ns, pods)).items;
  what.events = co_await events_about(session, std::string(kube::uid(what.app)));
  for (const auto& pod : what.pods) {
    if (!is_driver(pod)) continue;
    for (auto& event : co_await events_about(session, std::string(kube::uid(pod))))
      what.events.push_back(std::move(event));
  }
  print(describe(what, now(), use_colour(Stream::Out)));
  co_return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "the application")->required()->type_name(takes::kApplication);
  add_cluster_options(app, options->cluster);
  return [options] {
    return on_cluster(options->cluster, [&](Session& session) { return describe_one(session, *options); });
  };
}

}  // namespace

extern const Command describe_command{
    .name = "describe",
    .group = "Applications",
    .summary = "show all there is to know about a SparkApplication",
    .details =
        "State and error, the spec in short, the driver and the executors with what holds them up, and the events "
        "of the application and its driver. Values of properties that are secrets by their name are not shown.",
    .examples = "spoke describe spark-pi\nspoke describe spark-pi -n spark",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
