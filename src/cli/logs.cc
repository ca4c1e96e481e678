#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text/application.h"
#include "cli/text/pods.h"
#include "net/async.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  std::string name;
  bool follow = false;
  bool previous = false;
  bool timestamps = false;
  std::optional<long> executor;
  std::optional<long> tail;
};

// The executor's pod by the id that Spark gave it.
net::Task<Object> executor_pod(Session& session, std::string app, long id) {
  client::ListOptions options;
  options.label_selector = pods_selector(app) + ",spark-role=executor,spark-exec-id=" + std::to_string(id);
  auto list = co_await session.api.list(client::resources::pods, session.target.ns, options);
  if (list.items.empty()) fail("{} has no pod of executor {}; `spoke describe {}` lists those there are", app, id, app);
  co_return std::move(list.items.back());
}

// Writes out the log of the application's pod that was chosen. Throws StatusError where there is no pod (404) or no log
// in it yet (400).
net::Task<> write_log(Session& session, const Object& app, const Options& options) {
  const std::string& ns = session.target.ns;
  Object pod;
  if (options.executor)
    pod = co_await executor_pod(session, options.name, *options.executor);
  else
    pod = co_await session.api.get(client::resources::pods, ns, driver_pod_name(app));
  net::Query query;
  if (const std::string container = main_container(pod); !container.empty()) query.add("container", container);
  if (options.follow) query.add("follow", "true");
  if (options.previous) query.add("previous", "true");
  if (options.timestamps) query.add("timestamps", "true");
  if (options.tail) query.add("tailLines", std::to_string(*options.tail));
  co_await session.api.logs(ns, kube::name(pod), query, [](std::string_view piece) { print(piece); });
}

net::Task<int> logs(Session& session, const Options& options) {
  for (;;) {
    const Object app = co_await get_application(session, session.target.ns, options.name);
    try {
      co_await write_log(session, app, options);
      co_return 0;
    } catch (const kube::StatusError& e) {
      // With --follow, one who comes too early waits: for the pod, and then for its container.
      const bool early =
          options.follow && !options.previous && !finished(state_of(app)) && (e.code() == 404 || e.code() == 400);
      if (!early && e.code() == 404)
        fail("the driver's pod {} is not there, and so no log (the application's state is {})", driver_pod_name(app),
             state_of(app));
      if (!early) throw;
    }
    co_await net::sleep_for(net::Millis(500));
  }
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "the application")->required()->type_name(takes::kApplication);
  app.add_flag("-f,--follow", options->follow, "go on until the log ends; wait for the driver where it is not up yet");
  app.add_option("--executor", options->executor, "the log of this executor instead of the driver's")
      ->type_name(takes::kNumber)
      ->check(not_negative());
  app.add_flag("-p,--previous", options->previous, "the log of the container before its last restart");
  app.add_option("--tail", options->tail, "only the last N lines")->type_name(takes::kNumber)->check(not_negative());
  app.add_flag("--timestamps", options->timestamps, "with the time of each line");
  add_cluster_options(app, options->cluster);
  return [options] { return on_cluster(options->cluster, [&](Session& session) { return logs(session, *options); }); };
}

}  // namespace

extern const Command logs_command{
    .name = "logs",
    .group = "Applications",
    .summary = "print the log of an application's driver or of an executor",
    .details = "",
    .examples =
        "spoke logs spark-pi\nspoke logs -f spark-pi            # until the driver ends\n"
        "spoke logs spark-pi --executor 1 --tail 100",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
