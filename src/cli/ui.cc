#include <CLI/CLI.hpp>
#include <memory>

#include "base/process.h"
#include "base/strings.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text/application.h"
#include "cli/text/pods.h"
#include "client/port_forward.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cli {
namespace {

constexpr std::uint16_t kUiPort = 4040;  // spark.ui.port
constexpr auto kBetweenLooks = net::Millis(250);

struct Options {
  client::KubeconfigChoice cluster;
  std::string name;
  std::optional<std::uint16_t> port;  // of this machine
  bool open = true;
};

std::uint16_t ui_port(const Object& app) {
  const json::value* conf = json::find(app, "spec.sparkConf");
  const json::value* port = conf == nullptr ? nullptr : json::find_member(*conf, "spark.ui.port");
  const auto number = port != nullptr && port->is_string() ? to_int(port->get_string()) : std::nullopt;
  return number && *number > 0 && *number <= 65535 ? static_cast<std::uint16_t>(*number) : kUiPort;
}

net::Task<Object> driver_of(Session& session, std::string name) {
  bool told = false;
  for (;;) {
    const Object app = co_await get_application(session, session.target.ns, name);
    const std::string state = state_of(app);
    if (state == "RUNNING") co_return app;
    if (finished(state))
      fail("{} has ended ({}), and its UI with it; a history server shows those that wrote event logs", name, state);
    if (!std::exchange(told, true)) complain(fmt::format("{} is {}; waiting until it runs", name, state));
    co_await net::sleep_for(kBetweenLooks);
  }
}

// The browser, where there is one to see.
void open_browser(const std::string& url) {
  const bool display = std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr;
  // Its output is not ours: a browser that holds it would have us wait for the browser's end.
  if (display && use_colour(Stream::Out))
    run({"sh", "-c", "setsid -f xdg-open \"$0\" </dev/null >/dev/null 2>&1", url});
}

net::Task<> until_ended(Session& session, std::string name, std::string pod_uid, std::string pod) {
  try {
    while (true) {
      const Object now = co_await session.api.get(client::resources::pods, session.target.ns, pod);
      if (kube::uid(now) != pod_uid || exit_code(now)) break;
      co_await net::sleep_for(std::chrono::seconds(2));
    }
  } catch (const kube::StatusError& e) {
    if (e.code() != 404) throw;
  }
  complain(name + " has ended, and its UI with it");
}

net::Task<int> show(Session& session, const Options& options) {
  const Object app = co_await driver_of(session, options.name);
  const std::string pod = driver_pod_name(app);
  const Object driver = co_await session.api.get(client::resources::pods, session.target.ns, pod);
  client::PortForward forward(session.executor, session.api, {session.target.ns, pod, ui_port(app)}, complain);
  std::uint16_t port = 0;
  try {
    port = forward.listen(options.port.value_or(kUiPort));
  } catch (const Error&) {
    if (options.port) throw;
    port = forward.listen(0);
  }
  const std::string url = fmt::format("http://127.0.0.1:{}/", port);
  print(url + "\n");
  complain("forwarding until Ctrl-C, or the application's end");
  if (options.open) open_browser(url);
  net::Scope scope(session.executor);
  scope.spawn("forward", forward.run());
  co_await scope.during(until_ended(session, options.name, std::string(kube::uid(driver)), pod));
  co_return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "the application")->required()->type_name(takes::kApplication);
  app.add_option("--port", options->port, "of this machine; 4040 where it is free, else any")
      ->type_name(takes::kNumber)
      ->check(CLI::Range(0, 65535));
  app.add_flag("--open", options->open, "open it in the browser; --open=false does not");
  add_cluster_options(app, options->cluster);
  return [options] { return on_cluster(options->cluster, [&](Session& session) { return show(session, *options); }); };
}

}  // namespace

extern const Command ui_command{
    .name = "ui",
    .group = "Applications",
    .summary = "show the web UI of a SparkApplication that runs",
    .details =
        "Forwards the driver's port to this machine, prints its URL, and opens it where there is a desktop. Waits for "
        "an application that does not run yet.",
    .examples = "spoke ui spark-pi\nspoke ui spark-pi --port 8080 --open=false",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
