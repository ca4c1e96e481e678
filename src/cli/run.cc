#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "cli/command.h"
#include "cli/deletion.h"
#include "cli/embedded.h"
#include "cli/files.h"
#include "cli/follow.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text/application.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  std::vector<std::string> files;
  bool replace = false;
  bool wait = true;
  bool detach = false;
  bool force = false;
  std::optional<Duration> start_timeout;
};

bool is_application(const Object& object) {
  return kube::kind(object) == "SparkApplication" &&
         kube::group_version(json::str(object, "apiVersion")).first == client::resources::spark_applications.group;
}

// An application of that name may be there from an earlier run. One that has ended makes room; one that is live does so
// only where --replace says so.
net::Task<> make_room(Session& session, const Object& wanted, const Options& options) {
  const std::string name(kube::name(wanted));
  std::string ns(kube::ns(wanted));
  if (ns.empty()) ns = session.target.ns;
  if (name.empty()) co_return;
  std::optional<Object> there;
  try {
    there = co_await session.api.get(client::resources::spark_applications, ns, name);
  } catch (const kube::StatusError& e) {
    if (e.code() != 404) throw;
  }
  if (!there) co_return;
  const std::string state = state_of(*there);
  if (!finished(state) && !kube::deleting(*there) && !options.replace)
    fail("{}/{} is there already, in the state {}; follow it with `spoke logs -f {}`, or say --replace", ns, name,
         state, name);
  const std::string uid(kube::uid(*there));
  complain(fmt::format("{}/{} of before ({}) is deleted first", ns, name, state));
  // In the foreground: the new one's driver may have the same name.
  co_await delete_application(session, ns, name, uid, "Foreground");
  co_await wait_until_gone(session, ns, name, uid);
}

// Nobody adds a node or an image to the embedded cluster while one waits; elsewhere an autoscaler may need minutes.
Duration default_patience(const client::Target& target) {
  return is_embedded(target) ? Duration(std::chrono::seconds(5)) : Duration(std::chrono::minutes(10));
}

net::Task<int> run(Session& session, const Options& options, std::vector<Object> documents) {
  for (const auto& document : documents)
    if (is_application(document)) co_await make_room(session, document, options);

  const Time begun = now();
  client::RestMapper mapper(session.api);
  client::ApplyOptions apply;
  apply.ns = session.target.ns;
  apply.ns_is_binding = !options.cluster.ns.empty();
  apply.force = options.force;
  std::vector<Object> apps;
  for (auto& document : documents) {
    auto applied = co_await client::apply_object(session.api, mapper, std::move(document), apply);
    complain(told(applied));
    if (is_application(applied.object)) apps.push_back(std::move(applied.object));
  }
  if (apps.empty()) complain("none of these is a SparkApplication: there is nothing to follow");
  if (apps.empty() || options.detach || !options.wait) co_return 0;
  co_return co_await follow(session, apps, begun, options.start_timeout.value_or(default_patience(session.target)));
}

int run_somewhere(const Options& options) {
  auto documents = read_files(options.files);  // before anything is started for them
  auto target = client::find_target(options.cluster);
  if (!target) {
    complain("there is no kubeconfig: the embedded cluster is started (`spoke down` ends it)");
    target = start_embedded(options.cluster);
  }
  return on_target(std::move(*target), [&](Session& session) { return run(session, options, std::move(documents)); });
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("FILE", options->files, "YAML or JSON, several documents; - is standard input")
      ->required()
      ->type_name(takes::kFile);
  app.add_flag("-d,--detach", options->detach, "do not follow the application; the same as --wait=false");
  app.add_flag("--wait", options->wait, "follow the application to its end; --wait=false does not");
  app.add_flag("--replace", options->replace, "delete an application of that name first, even a live one");
  app.add_flag("--force", options->force, "take over fields that others manage");
  app.add_option_function<std::string>(
         "--start-timeout",
         [options](const std::string& text) {
           options->start_timeout = parse_duration(text);
           if (!options->start_timeout)
             throw CLI::ValidationError("--start-timeout", text + " is no duration: 90s, 5m");
         },
         "how long the driver may be held up by an image that cannot be pulled or a size that no node has, before the "
         "application is deleted: 5s on the embedded cluster, 10m elsewhere, unless told")
      ->type_name("DURATION");
  add_cluster_options(app, options->cluster);
  return [options] { return run_somewhere(*options); };
}

}  // namespace

extern const Command run_command{
    .name = "run",
    .group = "Applications",
    .summary = "run a Spark application and follow it to its end",
    .details =
        "Applies all objects of the files (server-side apply, field manager spoke), in their order. Each "
        "SparkApplication "
        "among them is followed: its driver's log goes to standard output, what happens to it to standard error, on a "
        "terminal as one line that is kept up to date. At the end stand the states that it passed and the time each "
        "took.\n\n"
        "An application of that name that has ended is deleted and made anew; one that is live is left alone unless "
        "--replace is given. Where there is no kubeconfig, the embedded cluster is started.\n\n"
        "Ctrl-C on a terminal asks whether to leave the application running or to delete it; a second Ctrl-C leaves "
        "it. "
        "Without a terminal it is left running.",
    .examples =
        "spoke run pi.yaml\nspoke run -d pi.yaml               # only apply\n"
        "spoke run pi.yaml > driver.log     # the log alone\nkustomize build . | spoke run -",
    .exit_codes = "N the driver's exit code, where it failed\n130 interrupted by Ctrl-C (143: by SIGTERM)",
    .set_up = set_up,
};

}  // namespace spoke::cli
