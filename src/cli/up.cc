#include <unistd.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "base/log.h"
#include "base/strings.h"
#include "cli/command.h"
#include "cli/embedded.h"
#include "cli/options.h"
#include "cli/registry_flags.h"
#include "cli/terminal.h"
#include "client/kubeconfig.h"
#include "cluster/launch.h"

namespace spoke::cli {
namespace {

constexpr const char* kContext = "spoke";

struct Options {
  cluster::ClusterOptions cluster;
  std::vector<std::string> aliases;
  std::vector<std::string> spark_homes;
  RegistryFlags registries;
  std::string data;
  bool foreground = false;
  int ready_fd = -1;
  bool no_node = false;
  bool no_operator = false;
};

cluster::ClusterOptions cluster_options(const Options& options) {
  cluster::ClusterOptions out = options.cluster;
  if (!options.data.empty()) out.paths = cluster::Paths(options.data);
  for (const auto& alias : options.aliases) {
    const auto equals = alias.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == alias.size())
      throw UsageError("--image-alias takes NAME=TARGET, as in docker.io/library/spark=local/spark, not \"" + alias +
                       "\"");
    out.aliases[alias.substr(0, equals)] = alias.substr(equals + 1);
  }
  out.registries = options.registries.read();
  for (const auto& home : options.spark_homes) out.spark_homes.emplace_back(home);
  out.node = !options.no_node;
  out.spark_operator = !options.no_operator;
  return out;
}

std::string this_program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

std::string server_of(const cluster::Running& running) { return "https://127.0.0.1:" + std::to_string(running.port); }

// The administrator's context, in the kubeconfig that kubectl would read and in one of the cluster's own.
void write_contexts(const cluster::Paths& paths, const cluster::Running& running) {
  const client::NewContext context{kContext, server_of(running), read_file(paths.keys() / "ca.crt"),
                                   std::string(trim(read_file(paths.keys() / "admin.token")))};
  client::add_context(paths.kubeconfig(), context);
  client::add_context(client::kubeconfig_path(), context);
}

int up(const Options& options) {
  const cluster::ClusterOptions wanted = cluster_options(options);
  if (options.foreground) {
    log::set_level(std::getenv("SPOKE_DEBUG") != nullptr ? log::Level::Debug : log::Level::Info);
    cluster::run_launched(wanted, options.ready_fd);
    return 0;
  }
  if (wanted.node && ::geteuid() != 0)
    fail("pods need root for now: run `sudo -E spoke up`, or `spoke up --no-node` for an API without pods");
  if (const auto running = cluster::running(wanted.paths)) {
    write_contexts(wanted.paths, *running);
    print("The cluster runs already, since " + running->since + ", at " + server_of(*running) + "\n");
    return 0;
  }
  const cluster::Running running = cluster::launch(wanted, this_program());
  write_contexts(wanted.paths, running);
  print("The cluster is up at " + server_of(running) + "; kubectl's context is \"" + std::string(kContext) + "\" in " +
        client::kubeconfig_path().string() + "\n");
  return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("--port", options->cluster.port, "the API server's port, on loopback and on the pods' bridge")
      ->capture_default_str()
      ->type_name(takes::kNumber);
  app.add_option("--image-alias", options->aliases, "let the image NAME stand for TARGET; may be repeated")
      ->type_name("NAME=TARGET");
  app.add_option("--spark-home", options->spark_homes,
                 "a folder with a Spark distribution, for local/spark; may be repeated")
      ->type_name("DIR");
  options->registries.add_to(app);
  app.add_option("--data", options->data, "keep the cluster's data there, not in $XDG_DATA_HOME/spoke")
      ->type_name("DIR");
  app.add_flag("--no-operator", options->no_operator, "without the Spark operator");
  app.add_flag("--no-node", options->no_node, "without a node: objects only; needs no root");
  app.add_flag("--foreground", options->foreground, "stay, and log to standard error");
  app.add_option("--ready-fd", options->ready_fd, "")->group("");
  return [options] { return up(*options); };
}

}  // namespace

client::Target start_embedded(const client::KubeconfigChoice& choice) {
  Options options;
  options.aliases = {"docker.io/library/spark=local/spark", "docker.io/apache/spark=local/spark"};
  up(options);
  const auto target = client::find_target(choice);
  if (!target) fail("the cluster is up, but its context is not in {}", client::kubeconfig_path().string());
  return *target;
}

extern const Command up_command{
    .name = "up",
    .group = "The embedded cluster",
    .summary = "start a Kubernetes on this machine",
    .details =
        "Starts an embedded Kubernetes with the Spark operator as one process in the background, and returns when its "
        "API answers and its node is ready. kubectl, spark-submit and spoke's own commands work against it: its "
        "context \"spoke\" becomes the current one in the file that KUBECONFIG names, or ~/.kube/config.\n\n"
        "Pods are containers on this machine, run by runc or crun. The image local/spark:VERSION is put together from "
        "the machine's own Java and Spark; --image-alias lets manifests that name another image run as they stand.",
    .examples = "spoke up\nspoke up --image-alias docker.io/library/spark=local/spark\nspoke up --no-node --port 9443",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
