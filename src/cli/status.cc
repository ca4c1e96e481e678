#include <CLI/CLI.hpp>
#include <memory>

#include "base/strings.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cluster/launch.h"
#include "data/json.h"

namespace spoke::cli {
namespace {

constexpr int kNotRunning = 3;  // as `systemctl status` has it

struct Options {
  std::string data;
  std::string format;
};

// Resident memory of a process in KiB; 0 where it has gone.
long long resident(int pid) {
  const auto text = try_read_file("/proc/" + std::to_string(pid) + "/status");
  if (!text) return 0;
  for (const auto& line : split(*text, '\n'))
    if (line.starts_with("VmRSS:")) return to_int(trim(replace_all(line.substr(6), " kB", ""))).value_or(0);
  return 0;
}

int status(const Options& options) {
  const cluster::Paths paths = options.data.empty() ? cluster::Paths::standard() : cluster::Paths(options.data);
  const auto running = cluster::running(paths);
  if (options.format == "json") {
    json::object out{{"running", running.has_value()}, {"data", paths.root.string()}};
    if (running) {
      out["pid"] = running->pid;
      out["server"] = "https://127.0.0.1:" + std::to_string(running->port);
      out["since"] = running->since;
      out["residentKiB"] = resident(running->pid);
    }
    print(json::dump_pretty(out) + "\n");
  } else if (!running) {
    print("There is no cluster with its data in " + paths.root.string() + "; `spoke up` starts one.\n");
  } else {
    print(fmt::format("The cluster runs since {} at https://127.0.0.1:{} (process {}, {:.1f} MiB)\n", running->since,
                      running->port, running->pid, static_cast<double>(resident(running->pid)) / 1024));
  }
  return running ? 0 : kNotRunning;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_output_option(app, options->format, {"json"}, "for programs");
  app.add_option("--data", options->data, "where the cluster keeps its data, if not in $XDG_DATA_HOME/spoke")
      ->type_name("DIR");
  return [options] { return status(*options); };
}

}  // namespace

extern const Command status_command{
    .name = "status",
    .group = "The embedded cluster",
    .summary = "say whether the embedded cluster runs",
    .details = "",
    .examples = "spoke status\nspoke status -o json",
    .exit_codes = "3   it does not run",
    .set_up = set_up,
};

}  // namespace spoke::cli
