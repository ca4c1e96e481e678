#include <CLI/CLI.hpp>
#include <memory>
#include <set>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text/application.h"
#include "cli/text/events.h"
#include "cli/text/pods.h"
#include "client/informer.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  std::string name;  // "": of all
  bool follow = false;
};

// What has been told is not told again, but where it happened once more.
class Feed {
 public:
  Feed(Session& session, const Options& options, std::set<std::string, std::less<>> drivers)
      : name_(options.name),
        ns_(session.target.ns),
        names_(std::move(drivers)),
        changed_(session.executor),
        pods_(
            session.api,
            {.resource = client::resources::pods,
             .ns = ns_,
             .label_selector = name_.empty() ? "spark-role" : pods_selector(name_),
             .project = [](Object pod) { return json::object{{"metadata", json::object{{"name", kube::name(pod)}}}}; }},
            [this](const Object*, const Object* after) {
              if (after != nullptr) names_.emplace(kube::name(*after));
              changed_.notify();
            }),
        events_(session.api, {.resource = client::resources::events, .ns = ns_},
                [this](const Object*, const Object*) { changed_.notify(); }) {}

  net::Task<> run(bool follow) {
    net::Scope scope(co_await net::this_executor());
    scope.spawn("pods", pods_.run());
    scope.spawn("events", events_.run());
    co_await scope.during(tell(follow));
  }

 private:
  net::Task<> tell(bool follow) {
    while (!pods_.synced() || !events_.synced()) co_await changed_.wait_for(net::Millis(50));
    tell_new();
    if (widths_.empty())
      complain(name_.empty()
                   ? "no events of applications in the namespace " + ns_
                   : fmt::format("no events of {} in the namespace {}; they are kept for an hour", name_, ns_));
    if (!follow) co_return;
    for (;;) {
      co_await changed_.wait_for(std::chrono::seconds(60));
      tell_new();
    }
  }

  void tell_new() {
    std::vector<Object> fresh;
    for (const auto& [key, entry] : events_.all()) {
      const Object& event = entry.object;
      if (!is_about(event, name_, [this](std::string_view pod) { return names_.contains(pod); })) continue;
      if (told_.insert(fmt::format("{} {}", kube::uid(event), kube::resource_version(event))).second)
        fresh.push_back(event);
    }
    if (!fresh.empty()) print(event_table(fresh, now()).more(use_colour(Stream::Out), widths_));
  }

  std::string name_, ns_;
  std::set<std::string, std::less<>> names_;  // of its pods, also of those that are gone
  net::Event changed_;
  client::Informer pods_, events_;
  std::set<std::string> told_;
  std::vector<size_t> widths_;
};

// What is forbidden is said: an informer would try again for ever.
net::Task<> check_rights(Session& session) {
  for (const auto* resource : {&client::resources::pods, &client::resources::events})
    co_await session.api.list(*resource, session.target.ns, {.limit = 1});
}

net::Task<int> events(Session& session, const Options& options) {
  co_await check_rights(session);
  std::set<std::string, std::less<>> drivers;  // which may be gone
  if (!options.name.empty()) {
    drivers.insert(options.name + "-driver");
    if (!options.follow)
      drivers.insert(driver_pod_name(co_await get_application(session, session.target.ns, options.name)));
  }
  Feed feed(session, options, std::move(drivers));
  co_await feed.run(options.follow);
  co_return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "the application; all of the namespace where it is not given")
      ->type_name(takes::kApplication);
  app.add_flag("-f,--follow", options->follow, "go on with what happens, until Ctrl-C");
  add_cluster_options(app, options->cluster);
  return
      [options] { return on_cluster(options->cluster, [&](Session& session) { return events(session, *options); }); };
}

}  // namespace

extern const Command events_command{
    .name = "events",
    .group = "Applications",
    .summary = "show what happened to a SparkApplication and its pods",
    .details =
        "Of the application, its driver and its executors, also of those that are gone; oldest first. Kubernetes keeps "
        "events for an hour. With --follow an application that is not there yet is waited for.",
    .examples = "spoke events spark-pi\nspoke events -f",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
