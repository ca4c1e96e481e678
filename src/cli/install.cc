#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "base/log.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "client/apply_file.h"
#include "data/yaml.h"
#include "net/async.h"
#include "operator/install.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  op::InstallOptions install;
  bool no_webhook = false, dry_run = false, no_wait = false;
  Duration timeout = std::chrono::minutes(2);
};

const client::Resource kDeployments{"apps", "v1", "deployments", "Deployment", true};

std::string why_not_there(const client::Object& deployment) {
  for (const auto& condition : json::list(deployment, "status.conditions"))
    if (json::str(condition, "status") == "False") return std::string(json::str(condition, "message"));
  return "its pods are not ready";
}

net::Task<> wait_until_there(Session& session, const Options& options) {
  const auto end = std::chrono::steady_clock::now() + options.timeout;
  for (;;) {
    const auto deployment = co_await session.api.get(kDeployments, options.install.ns, "spark-operator");
    const bool seen =
        json::num(deployment, "status.observedGeneration") >= json::num(deployment, "metadata.generation");
    if (seen && json::num(deployment, "status.updatedReplicas") >= options.install.replicas &&
        json::num(deployment, "status.availableReplicas") >= options.install.replicas)
      co_return;
    if (std::chrono::steady_clock::now() > end)
      fail("the operator is not available: {}; see `kubectl -n {} describe deployment,pod`", why_not_there(deployment),
           options.install.ns);
    co_await net::sleep_for(net::Millis(300));
  }
}

net::Task<int> install(Session& session, const Options& options) {
  client::RestMapper mapper(session.api);
  client::ApplyOptions apply;
  apply.field_manager = "spoke-install";
  apply.force = true;
  for (auto& object : op::manifests(options.install))
    print(told(co_await client::apply_object(session.api, mapper, std::move(object), apply)) + "\n");
  if (options.no_wait) co_return 0;
  co_await wait_until_there(session, options);
  print("the operator is there\n");
  co_return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  op::InstallOptions& install_options = options->install;
  app.add_option("--image", install_options.image, "the operator's image, as images/spoke/build-oci makes it")
      ->required()
      ->type_name("IMAGE");
  app.add_option("--replicas", install_options.replicas, "how many operators; one works, or they share (--shards)")
      ->check(CLI::Range(1, 100))
      ->capture_default_str()
      ->type_name(takes::kNumber);
  app.add_option("--shards", install_options.shards, "into how many parts, by namespace, they divide the work")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str()
      ->type_name(takes::kNumber);
  app.add_option("--job-namespaces", install_options.job_namespaces,
                 "where applications are, and the operator has rights; everywhere where it is not given")
      ->delimiter(',')
      ->type_name("NAMESPACE,...");
  app.add_flag("--no-webhook", options->no_webhook, "without the webhook (see `spoke operator --help`)");
  app.add_option("--operator-argument", install_options.arguments, "one more argument of `spoke operator`; repeatable")
      ->expected(1)
      ->take_all()
      ->type_name("ARGUMENT");
  app.add_flag("--dry-run", options->dry_run, "print what would be applied, as YAML");
  app.add_flag("--no-wait", options->no_wait, "do not wait until it is available");
  add_cluster_options(app, options->cluster);
  return [options] {
    if (!options->cluster.ns.empty()) options->install.ns = options->cluster.ns;
    options->install.webhook = !options->no_webhook;
    if (options->dry_run) {
      for (const auto& object : op::manifests(options->install)) print("---\n" + yaml::dump(object));
      return 0;
    }
    return on_cluster(options->cluster, [options](Session& session) { return install(session, *options); });
  };
}

}  // namespace

extern const Command install_command{
    .name = "install",
    .group = "The operator",
    .summary = "put the Spark operator onto a cluster",
    .details =
        "Applies the kinds, a namespace (spark-operator, or --namespace), rights, a Deployment and the webhook, by "
        "server-side apply, and waits until it is available. Again, with other options or a newer spoke, it is an "
        "upgrade. The folder deploy is the same for kustomize.",
    .examples =
        "spoke install --image registry.example.com/spoke:1.0\n"
        "spoke install --image spoke:1.0 --job-namespaces etl,reports --dry-run",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
