#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "base/log.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "net/async.h"
#include "net/scope.h"
#include "operator/controller.h"
#include "operator/crds.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  op::OperatorOptions controller;
};

net::Task<> keep_running(client::HttpApi& api, op::OperatorOptions options, net::Event& ended,
                         std::exception_ptr& failure) {
  try {
    try {
      co_await op::install_crds(api);
    } catch (const kube::StatusError& e) {
      if (!e.is("Forbidden")) throw;
      log::warn("may not install the kinds; whoever installed the operator must have", "error", e.what());
    }
    op::Operator controller(api, std::move(options));
    co_await controller.run();
  } catch (const std::exception& e) {
    if (!net::is_cancelled(e)) failure = std::current_exception();
  }
  ended.notify();
}

net::Task<> until_signal(net::Event& ended) {
  boost::asio::signal_set signals(co_await net::this_executor(), SIGTERM, SIGINT);
  co_await signals.async_wait(boost::asio::use_awaitable);
  ended.notify();
}

net::Task<int> serve(Session& session, const Options& options) {
  net::Scope scope(session.executor);
  net::Event ended(session.executor);
  std::exception_ptr failure;
  scope.spawn("operator", keep_running(session.api, options.controller, ended, failure));
  scope.spawn("signals", until_signal(ended));
  co_await ended.wait();
  co_await scope.close();
  if (failure) std::rethrow_exception(failure);
  co_return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_cluster_options(app, options->cluster);
  app.add_option("--namespaces", options->controller.namespaces, "whose applications to run; all where it is not given")
      ->delimiter(',')
      ->type_name("NAMESPACE,...");
  app.add_option("--workers", options->controller.workers, "applications under way at a time")
      ->capture_default_str()
      ->type_name(takes::kNumber);
  return [options] {
    log::set_level(std::getenv("SPOKE_DEBUG") != nullptr ? log::Level::Debug : log::Level::Info);
    return on_cluster(options->cluster, [options](Session& session) { return serve(session, *options); });
  };
}

}  // namespace

extern const Command operator_command{
    .name = "operator",
    .group = "The operator",
    .summary = "run the Spark operator against a cluster",
    .details =
        "Serves the SparkApplications of sparkoperator.k8s.io/v1beta2 of any Kubernetes: makes their drivers, follows "
        "them, and writes their status. Installs the kinds first where it may. Runs until SIGTERM.",
    .examples = "spoke operator\nspoke operator --context production --namespaces etl,reports",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
