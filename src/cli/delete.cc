#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "cli/command.h"
#include "cli/deletion.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "client/apply_file.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  std::vector<std::string> names;
  bool all = false;
  bool wait = true;
  bool ignore_absent = false;
};

struct Chosen {
  std::string name, uid;
};

// All that were named are looked up before any is deleted: a misspelt name stops the command before it has done half.
net::Task<std::vector<Chosen>> choose(Session& session, const Options& options) {
  std::vector<Chosen> out;
  if (options.all) {
    for (const auto& app : co_await list_applications(session, session.target.ns, ""))
      out.push_back({std::string(kube::name(app)), std::string(kube::uid(app))});
    co_return out;
  }
  for (const auto& name : options.names) {
    try {
      const auto app = co_await get_application(session, session.target.ns, name);
      out.push_back({name, std::string(kube::uid(app))});
    } catch (const kube::StatusError& e) {
      if (e.code() != 404 || !options.ignore_absent) throw;
    }
  }
  co_return out;
}

net::Task<int> delete_all(Session& session, const Options& options) {
  const std::string ns = session.target.ns;
  const auto chosen = co_await choose(session, options);
  if (chosen.empty() && options.all) complain("no SparkApplications in the namespace " + ns);
  for (const auto& app : chosen) {
    // Where it is waited for, its pods are, too: another application of its name would find its driver there still.
    co_await delete_application(session, ns, app.name, app.uid, options.wait ? "Foreground" : "Background");
    print(client::display_name(client::resources::spark_applications, app.name) + " deleted\n");
  }
  if (options.wait)
    for (const auto& app : chosen) co_await wait_until_gone(session, ns, app.name, app.uid);
  co_return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("NAME", options->names, "the applications")->type_name(takes::kApplication);
  app.add_flag("--all", options->all, "all of the namespace");
  app.add_flag("--wait", options->wait, "wait until they and their pods are gone; --wait=false does not");
  app.add_flag("--ignore-not-found", options->ignore_absent, "one that is not there is no error");
  add_cluster_options(app, options->cluster);
  return [options] {
    if (options->all != options->names.empty())
      throw UsageError(options->all ? "either names or --all, not both"
                                    : "name the applications to delete, or say --all");
    return on_cluster(options->cluster, [&](Session& session) { return delete_all(session, *options); });
  };
}

}  // namespace

extern const Command delete_command{
    .name = "delete",
    .group = "Applications",
    .summary = "delete SparkApplications with their pods",
    .details = "",
    .examples = "spoke delete spark-pi\nspoke delete --all -n scratch --wait=false",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
