#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text/application.h"
#include "client/apply_file.h"
#include "client/informer.h"
#include "data/yaml.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  bool all_namespaces = false;
  std::string selector;
  std::string format;
  bool watch = false;
};

std::string as_list(std::vector<Object> apps, bool yaml) {
  json::array items;
  for (auto& app : apps) items.push_back(without_noise(std::move(app)));
  const json::value list = json::object{{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}};
  return yaml ? yaml::dump(list) : json::dump_pretty(list) + "\n";
}

std::string namespace_of(const Session& session, const Options& options) {
  return options.all_namespaces ? "" : session.target.ns;
}

// What a row says, but for the times.
std::string gist(const Object& app) {
  return fmt::format("{} {} {} {}", state_of(app), executors_running(app), executors_wanted(app), error_of(app));
}

// A row for each application, and another whenever it changes.
class Watching {
 public:
  Watching(Session& session, const Options& options)
      : columns_{options.format == "wide", options.all_namespaces},
        changed_(session.executor),
        applications_(session.api,
                      {.resource = client::resources::spark_applications,
                       .ns = namespace_of(session, options),
                       .label_selector = options.selector},
                      [this](const Object*, const Object* after) { note(after); }) {}

  net::Task<int> run() {
    net::Scope scope(co_await net::this_executor());
    scope.spawn("applications", applications_.run());
    co_return co_await scope.during(tell());
  }

 private:
  void note(const Object* after) {
    if (after == nullptr) return;
    std::string& told = told_[kube::key(*after) + " " + std::string(kube::uid(*after))];
    if (std::string is = gist(*after); told != is) {
      told = std::move(is);
      fresh_.push_back(*after);
      changed_.notify();
    }
  }

  net::Task<int> tell() {
    for (;;) {
      const auto rows = std::exchange(fresh_, {});
      if (!rows.empty()) print(application_table(rows, columns_, now()).more(use_colour(Stream::Out), widths_));
      co_await changed_.wait_for(std::chrono::seconds(60));
    }
  }

  ListColumns columns_;
  net::Event changed_;
  std::map<std::string, std::string> told_;
  std::vector<Object> fresh_;
  std::vector<size_t> widths_;
  client::Informer applications_;
};

net::Task<int> watch(Session& session, const Options& options) {
  co_await list_applications(session, namespace_of(session, options),
                             options.selector);  // says it where there is no such kind
  Watching watching(session, options);
  co_return co_await watching.run();
}

net::Task<int> list(Session& session, const Options& options) {
  if (options.watch) co_return co_await watch(session, options);
  const std::string ns = namespace_of(session, options);
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
  app.add_flag("-w,--watch", options->watch, "go on with a row for each change, until Ctrl-C");
  add_output_option(app, options->format, {"wide", "json", "yaml", "name"}, "more columns, or for programs");
  add_cluster_options(app, options->cluster);
  return [options] {
    if (options->watch && !options->format.empty() && options->format != "wide")
      throw UsageError("--watch prints a table; it goes with -o wide alone");
    return on_cluster(options->cluster, [&](Session& session) { return list(session, *options); });
  };
}

}  // namespace

extern const Command list_command{
    .name = "list",
    .group = "Applications",
    .summary = "list SparkApplications",
    .details =
        "EXECUTORS is how many run, of how many are wanted. RUN TIME is since the last submission, to the end "
        "of the application.",
    .examples = "spoke list\nspoke list -A -o wide\nspoke list -l team=ads -o name\nspoke list -w",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
