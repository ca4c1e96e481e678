#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>

#include "base/log.h"
#include "base/strings.h"
#include "base/time.h"
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

constexpr const char* kSubmission = "Applications";
constexpr const char* kExposure = "Services and Ingresses";
constexpr const char* kScheduling = "Schedulers";
constexpr const char* kPrecision = "--scheduled-spark-application-timestamp-precision";
constexpr const char* kPrecisions = "nanos|micros|millis|seconds|minutes";

CLI::Validator at_least(std::int64_t least) {
  return {[least](std::string& text) {
            const auto value = to_int(text);
            return value && *value >= least ? "" : fmt::format("must be a whole number from {} on", least);
          },
          ""};
}

// The kind of JSON that an option takes.
json::value read_json(const std::string& option, const std::string& text, boost::json::kind kind, const char* example) {
  try {
    if (json::value v = json::parse(text); v.kind() == kind) return v;
  } catch (const json::ParseError&) {
  }
  throw CLI::ValidationError(option, fmt::format("must be JSON, as {}", example));
}

void add_duration(CLI::App& app, const std::string& name, Duration& value, const std::string& what) {
  app.add_option_function<std::string>(
         name,
         [name, &value](const std::string& text) {
           const auto read = parse_duration(text);
           if (!read) throw CLI::ValidationError(name, fmt::format("\"{}\" is no duration, as 10s or 1m30s", text));
           value = *read;
         },
         what)
      ->type_name("DURATION");
}

void add_exposure(CLI::App& app, op::ServiceOptions& services) {
  app.add_flag("--enable-ui-service", services.ui_service, "a Service for each web UI (the default; =false: none)")
      ->group(kExposure);
  app.add_option("--ingress-url-format", services.ingress_url_format,
                 "URL of an Ingress for each web UI, with {{$appName}}, {{$appNamespace}} and {{$appId}}")
      ->group(kExposure)
      ->type_name("URL");
  app.add_option("--ingress-class-name", services.ingress_class_name, "class of the Ingresses")
      ->group(kExposure)
      ->type_name("NAME");
  app.add_option_function<std::string>(
         "--ingress-tls",
         [&services](const std::string& text) {
           services.ingress_tls = read_json("--ingress-tls", text, boost::json::kind::array,
                                            R"([{"hosts": ["*.example.com"], "secretName": "certificate"}])")
                                      .as_array();
         },
         "TLS of Ingresses that have none of their own, as JSON")
      ->group(kExposure)
      ->type_name("JSON");
  app.add_option_function<std::string>(
         "--ingress-annotations",
         [&services](const std::string& text) {
           constexpr const char* kExample = R"({"cert-manager.io/cluster-issuer": "letsencrypt"})";
           const json::value v = read_json("--ingress-annotations", text, boost::json::kind::object, kExample);
           for (const auto& [name, value] : v.get_object()) {
             if (!value.is_string())
               throw CLI::ValidationError("--ingress-annotations", fmt::format("must be JSON, as {}", kExample));
             services.ingress_annotations[name] = value.get_string();
           }
         },
         "annotations of Ingresses that have none of their own, as JSON")
      ->group(kExposure)
      ->type_name("JSON");
}

void add_scheduling(CLI::App& app, op::SchedulerOptions& schedulers) {
  app.add_flag("--enable-batch-scheduler", schedulers.enabled,
               "act upon batchScheduler (the default; =false: pods get its name alone)")
      ->group(kScheduling);
  app.add_option("--default-batch-scheduler", schedulers.otherwise, "of applications that name none")
      ->group(kScheduling)
      ->type_name("NAME");
  app.add_option("--kube-scheduler-names", schedulers.kube_schedulers,
                 "schedulers that run scheduler-plugins' coscheduling")
      ->delimiter(',')
      ->group(kScheduling)
      ->type_name("NAME,...");
}

void add_applications(CLI::App& app, op::OperatorOptions& options) {
  add_duration(app, "--driver-pod-creation-grace-period", options.settings.driver_grace,
               "in which a driver may be missing after its creation (10s)");
  app.add_option("--max-tracked-executor-per-app", options.settings.max_tracked_executors,
                 "executors in an application's status")
      ->check(at_least(0))
      ->capture_default_str()
      ->type_name(takes::kNumber);
  app.add_option("--default-time-to-live-seconds", options.settings.default_time_to_live,
                 "of applications that have ended and say nothing; they stay where it is not given")
      ->check(at_least(1))
      ->type_name("SECONDS");
  app.add_flag("--enable-driver-pdb", options.settings.plan.driver_budgets,
               "act upon driverPodDisruptionBudget (the default; =false: do not)");
  app.add_option_function<std::string>(
         kPrecision,
         [&options](const std::string& text) {
           static const std::map<std::string, op::Precision> known{{"nanos", op::Precision::Nanos},
                                                                   {"micros", op::Precision::Micros},
                                                                   {"millis", op::Precision::Millis},
                                                                   {"seconds", op::Precision::Seconds},
                                                                   {"minutes", op::Precision::Minutes}};
           const auto found = known.find(text);
           if (found == known.end())
             throw CLI::ValidationError(kPrecision, fmt::format("\"{}\" is none of {}", text, kPrecisions));
           options.run_names = found->second;
         },
         "of the time in the names of scheduled runs")
      ->type_name(kPrecisions);
  for (const char* name : {"--driver-pod-creation-grace-period", "--max-tracked-executor-per-app",
                           "--default-time-to-live-seconds", "--enable-driver-pdb", kPrecision})
    app.get_option(name)->group(kSubmission);
}

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
  app.add_option("--workers,--controller-threads", options->controller.workers, "applications under way at a time")
      ->check(at_least(1))
      ->capture_default_str()
      ->type_name(takes::kNumber);
  add_applications(app, options->controller);
  add_exposure(app, options->controller.settings.plan.services);
  add_scheduling(app, options->controller.settings.plan.schedulers);
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
        "Serves the SparkApplications and ScheduledSparkApplications of sparkoperator.k8s.io/v1beta2 of any "
        "Kubernetes: "
        "makes their drivers, follows them, and writes their status. The options have the names of kubeflow's "
        "operator. Installs the kinds first where it may. Runs until SIGTERM.",
    .examples = "spoke operator\nspoke operator --context production --namespaces etl,reports",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
