#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text/application.h"
#include "net/async.h"

// `spoke kill` and `spoke resume`: spec.suspend, and waiting until the operator has done what it says.

namespace spoke::cli {
namespace {

constexpr auto kPatience = std::chrono::minutes(2);  // a driver's own end may take 30 s, and more with a grace period

struct Options {
  client::KubeconfigChoice cluster;
  std::vector<std::string> names;
  bool wait = true;
};

net::Task<> set_suspend(Session& session, std::string name, bool suspend) {
  json::value patch = json::object{{"spec", json::object{{"suspend", suspend}}}};
  co_await session.api.patch(client::resources::spark_applications, session.target.ns, name, client::PatchType::Merge,
                             std::move(patch), {});
}

net::Task<> wait_until_suspended(Session& session, std::string name) {
  const auto patience = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const Object app = co_await get_application(session, session.target.ns, name);
    const std::string state = state_of(app);
    if (state == "SUSPENDED") co_return;
    if (finished(state)) {
      co_await set_suspend(session, name, false);  // or its next run would never begin
      fail("{} has ended by itself meanwhile: it is {}", name, state);
    }
    if (std::chrono::steady_clock::now() > patience)
      fail("{} is {} after 2 minutes; is an operator running? `spoke describe {}` shows more", name, state, name);
    co_await net::sleep_for(net::Millis(100));
  }
}

net::Task<int> kill(Session& session, const Options& options) {
  std::vector<std::string> running;
  for (const auto& name : options.names) {
    const Object app = co_await get_application(session, session.target.ns, name);
    if (const std::string state = state_of(app); finished(state))
      complain(fmt::format("{} has ended already: it is {}", name, state));
    else
      running.push_back(name);
  }
  for (const auto& name : running) co_await set_suspend(session, name, true);
  for (const auto& name : running) {
    if (options.wait) co_await wait_until_suspended(session, name);
    print(fmt::format("{} {}; `spoke resume {}` runs it again, `spoke delete {}` takes it away\n", name,
                      options.wait ? "was killed" : "is being killed", name, name));
  }
  co_return 0;
}

net::Task<int> resume(Session& session, const Options& options) {
  for (const auto& name : options.names) {
    const Object app = co_await get_application(session, session.target.ns, name);
    if (!json::flag(app, "spec.suspend")) fail("{} is not suspended: it is {}", name, state_of(app));
  }
  for (const auto& name : options.names) {
    co_await set_suspend(session, name, false);
    const std::string state = state_of(co_await get_application(session, session.target.ns, name));
    if (finished(state)) fail("{} had ended before it was suspended: it is {}", name, state);
    print(fmt::format("{} runs again; `spoke logs -f {}` follows it\n", name, name));
  }
  co_return 0;
}

std::shared_ptr<Options> add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("NAME", options->names, "the applications")->required()->type_name(takes::kApplication);
  add_cluster_options(app, options->cluster);
  return options;
}

Action set_up_kill(CLI::App& app) {
  const auto options = add_options(app);
  app.add_flag("--wait", options->wait, "wait until its pods are gone; --wait=false does not");
  return [options] { return on_cluster(options->cluster, [&](Session& session) { return kill(session, *options); }); };
}

Action set_up_resume(CLI::App& app) {
  const auto options = add_options(app);
  return
      [options] { return on_cluster(options->cluster, [&](Session& session) { return resume(session, *options); }); };
}

}  // namespace

extern const Command kill_command{
    .name = "kill",
    .group = "Applications",
    .summary = "end SparkApplications that run, and keep them",
    .details =
        "Suspends them: their pods are deleted, nothing is tried again, and they stay to be looked at, or to be run "
        "again from the beginning. What spoke submit started is ended by `spoke submit --kill`.",
    .examples = "spoke kill spark-pi\nspoke kill etl-1 etl-2 -n jobs --wait=false",
    .exit_codes = "",
    .set_up = set_up_kill,
};

extern const Command resume_command{
    .name = "resume",
    .group = "Applications",
    .summary = "run SparkApplications again that were killed or suspended",
    .details = "",
    .examples = "spoke resume spark-pi",
    .exit_codes = "",
    .set_up = set_up_resume,
};

}  // namespace spoke::cli
