#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cctype>
#include <map>
#include <memory>
#include <optional>

#include "base/heap.h"
#include "base/log.h"
#include "base/random.h"
#include "base/strings.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "net/async.h"
#include "net/scope.h"
#include "operator/operator.h"
#include "operator/probes.h"
#include "operator/webhook.h"

namespace spoke::cli {
namespace {

struct Options {
  client::KubeconfigChoice cluster;
  op::OperatorOptions controller;
  bool elect = false;
  client::ElectionOptions election{.name = "spark-operator-lock"};
  log::Level log_level = std::getenv("SPOKE_DEBUG") != nullptr ? log::Level::Debug : log::Level::Info;
  log::Form log_form = log::Form::Text;
  bool metrics = false;
  op::ProbeOptions probes;
  bool webhook = false;
  op::WebhookOptions webhook_options;
};

constexpr const char* kSubmission = "Applications";
constexpr const char* kExposure = "Services and Ingresses";
constexpr const char* kScheduling = "Schedulers";
constexpr const char* kReplicas = "Several replicas";
constexpr const char* kWebhook = "Webhook";
constexpr const char* kWatching = "Metrics and probes";
constexpr const char* kLog = "Log";
constexpr const char* kPrecision = "--scheduled-spark-application-timestamp-precision";
constexpr const char* kLevels = "debug|info|warn|error";
constexpr const char* kForms = "console|json";
constexpr const char* kPrecisions = "nanos|micros|millis|seconds|minutes";

// The options that are added while it lives are of this group in the help.
class Group {
 public:
  Group(CLI::App& app, const char* name) : app_(app), before_(app.option_defaults()->get_group()) {
    app_.option_defaults()->group(name);
  }
  ~Group() { app_.option_defaults()->group(before_); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

 private:
  CLI::App& app_;
  std::string before_;
};

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
  const Group group(app, kExposure);
  app.add_flag("--enable-ui-service", services.ui_service, "a Service for each web UI (the default; =false: none)");
  app.add_option("--ingress-url-format", services.ingress_url_format,
                 "URL of an Ingress for each web UI, with {{$appName}}, {{$appNamespace}} and {{$appId}}")
      ->type_name("URL");
  app.add_option("--ingress-class-name", services.ingress_class_name, "class of the Ingresses")->type_name("NAME");
  app.add_option_function<std::string>(
         "--ingress-tls",
         [&services](const std::string& text) {
           services.ingress_tls = read_json("--ingress-tls", text, boost::json::kind::array,
                                            R"([{"hosts": ["*.example.com"], "secretName": "certificate"}])")
                                      .as_array();
         },
         "TLS of Ingresses that have none of their own, as JSON")
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
      ->type_name("JSON");
}

void add_scheduling(CLI::App& app, op::SchedulerOptions& schedulers) {
  const Group group(app, kScheduling);
  app.add_flag("--enable-batch-scheduler", schedulers.enabled,
               "act upon batchScheduler (the default; =false: pods get its name alone)");
  app.add_option("--default-batch-scheduler", schedulers.otherwise, "of applications that name none")
      ->type_name("NAME");
  app.add_option("--kube-scheduler-names", schedulers.kube_schedulers,
                 "schedulers that run scheduler-plugins' coscheduling")
      ->delimiter(',')
      ->type_name("NAME,...");
}

void add_applications(CLI::App& app, op::OperatorOptions& options) {
  const Group group(app, kSubmission);
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
}

void add_replicas(CLI::App& app, Options& options) {
  const Group group(app, kReplicas);
  client::ElectionOptions& election = options.election;
  app.add_flag("--leader-election", options.elect,
               "several replicas may run, of which one works and the others stand by");
  app.add_option("--shards", election.shards,
                 "into how many parts, by namespace, replicas divide the work; goes with --leader-election")
      ->check(at_least(1))
      ->capture_default_str()
      ->type_name(takes::kNumber);
  app.add_option("--leader-election-lock-name", election.name, "of the Lease")
      ->capture_default_str()
      ->type_name("NAME");
  app.add_option("--leader-election-lock-namespace", election.ns, "where the Lease is; one's own where it is not given")
      ->type_name("NAMESPACE");
  add_duration(app, "--leader-election-lease-duration", election.lease,
               "after which a replica that is silent is replaced (5s)");
  add_duration(app, "--leader-election-renew-deadline", election.renew_deadline,
               "after which one that cannot renew its Lease stops working (3s)");
  add_duration(app, "--leader-election-retry-period", election.retry, "between two looks at the Lease (1s)");
}

void add_watching(CLI::App& app, Options& options) {
  const Group group(app, kWatching);
  op::MetricsOptions& metrics = options.controller.metrics;
  app.add_flag("--enable-metrics", options.metrics, "serve metrics for Prometheus");
  app.add_option("--metrics-bind-address", options.probes.metrics_address, "where; :8080 where it is not given")
      ->type_name("[HOST]:PORT");
  app.add_flag("--secure-metrics", options.probes.secure_metrics,
               "serve metrics over TLS, with a certificate that is made for it: readers take any");
  app.add_option("--metrics-endpoint", options.probes.metrics_endpoint, "path of the metrics")
      ->capture_default_str()
      ->type_name("PATH");
  app.add_option("--metrics-prefix", metrics.prefix, "of the names of the metrics")->type_name("TEXT");
  app.add_option("--metrics-labels", metrics.labels, "labels of applications that metrics get, and \"namespace\"")
      ->delimiter(',')
      ->type_name("LABEL,...");
  app.add_option("--metrics-job-submit-latency-buckets", metrics.submit_latency_buckets,
                 "of spark_application_submit_latency_seconds_histogram")
      ->delimiter(',')
      ->type_name("SECONDS,...");
  app.add_option("--metrics-job-start-latency-buckets", metrics.start_latency_buckets,
                 "of spark_application_start_latency_seconds_histogram")
      ->delimiter(',')
      ->type_name("SECONDS,...");
  app.add_option("--health-probe-bind-address", options.probes.health_address,
                 "where to serve /healthz and /readyz; nowhere where it is not given")
      ->type_name("[HOST]:PORT");
}

// By the names that kubeflow's operator has of its logger, zap.
void add_log(CLI::App& app, Options& options) {
  const Group group(app, kLog);
  app.add_option_function<std::string>(
         "--zap-log-level",
         [&options](const std::string& text) {
           static const std::map<std::string, log::Level> known{{"debug", log::Level::Debug},
                                                                {"info", log::Level::Info},
                                                                {"warn", log::Level::Warn},
                                                                {"error", log::Level::Error},
                                                                {"panic", log::Level::Error}};
           const auto found = known.find(lower(text));
           if (found == known.end() && to_int(text).value_or(0) < 1)
             throw CLI::ValidationError("--zap-log-level", fmt::format("\"{}\" is none of {}", text, kLevels));
           options.log_level = found == known.end() ? log::Level::Debug : found->second;
         },
         "least weight of what is logged (info)")
      ->type_name(kLevels);
  app.add_option_function<std::string>(
         "--zap-encoder",
         [&options](const std::string& text) {
           if (text != "console" && text != "json")
             throw CLI::ValidationError("--zap-encoder", fmt::format("\"{}\" is none of {}", text, kForms));
           options.log_form = text == "json" ? log::Form::Json : log::Form::Text;
         },
         "text with key=value, or a JSON object a line (console)")
      ->type_name(kForms);
}

void add_webhook(CLI::App& app, Options& options) {
  const Group group(app, kWebhook);
  op::WebhookOptions& w = options.webhook_options;
  app.add_flag("--webhook", options.webhook,
               "answer the API server's admission reviews: defaults, validation, and what only a webhook can give "
               "executors (memoryLimit, variables that Spark sets too)");
  app.add_option("--webhook-port", w.port, "where")->capture_default_str()->type_name(takes::kNumber);
  const auto add = [&app](const char* name, std::string& value, const char* what, const char* type) {
    app.add_option(name, value, what)->capture_default_str()->type_name(type);
  };
  add("--webhook-cert-dir", w.cert_dir, "folder of a certificate; where it has none, the operator makes its own",
      "FOLDER");
  add("--webhook-cert-name", w.cert_name, "file of the certificate there", "NAME");
  add("--webhook-key-name", w.key_name, "file of its key there", "NAME");
  app.add_flag("--enable-cert-manager", w.cert_manager, "the folder's certificate is cert-manager's: wait for it");
  add("--webhook-secret-name", w.secret_name, "Secret of the certificate that the operator makes", "NAME");
  app.add_option("--webhook-secret-namespace", w.secret_ns, "where it is; one's own where it is not given")
      ->type_name("NAMESPACE");
  add("--webhook-svc-name", w.service_name, "Service by which the API server reaches the webhook", "NAME");
  app.add_option("--webhook-svc-namespace", w.service_ns, "where it is; one's own where it is not given")
      ->type_name("NAMESPACE");
  add("--mutating-webhook-name", w.mutating_name, "MutatingWebhookConfiguration that gets its authority", "NAME");
  add("--validating-webhook-name", w.validating_name, "ValidatingWebhookConfiguration that gets its authority", "NAME");
  app.add_flag("--enable-resource-quota-enforcement", w.quotas,
               "deny applications that do not fit into the ResourceQuotas of their namespace");
}

op::WebhookOptions webhook_of(const Session& session, const Options& options) {
  op::WebhookOptions out = options.webhook_options;
  out.namespaces = options.controller.namespaces;
  if (out.secret_ns.empty()) out.secret_ns = session.target.ns;
  if (out.service_ns.empty()) out.service_ns = session.target.ns;
  return out;
}

net::Task<> keep_running(op::Operator& controller, net::Event& ended, std::exception_ptr& failure) {
  try {
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

// Who this replica is: its pod's name, which is its host's, told apart from another on the same machine.
std::string identity() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {"spoke"};
  std::string name(host.data());
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::isalnum(c) ? std::tolower(c) : '-'; });
  return fmt::format("{}-{}", name.substr(0, 40), random_uuid().substr(0, 8));
}

op::OperatorOptions of_session(const Session& session, const Options& options) {
  op::OperatorOptions out = options.controller;
  out.settings.plan.webhook = options.webhook;
  if (!options.elect) return out;
  client::ElectionOptions election = options.election;
  if (election.ns.empty()) election.ns = session.target.ns;
  if (election.renew_deadline >= election.lease || election.retry >= election.renew_deadline)
    throw CLI::ValidationError("--leader-election-lease-duration",
                               "must be longer than --leader-election-renew-deadline, and that longer than "
                               "--leader-election-retry-period");
  election.identity = out.instance = identity();
  out.election = std::move(election);
  return out;
}

net::Task<int> serve(Session& session, const Options& options) {
  net::Scope scope(session.executor);
  net::Event ended(session.executor);
  std::exception_ptr failure;
  op::Operator controller(session.api, of_session(session, options));
  op::ProbeOptions addresses = options.probes;
  if (!options.metrics)
    addresses.metrics_address.clear();
  else if (addresses.metrics_address.empty())
    addresses.metrics_address = ":8080";
  std::optional<op::Webhook> webhook;
  if (options.webhook)
    webhook.emplace(session.executor, session.api, webhook_of(session, options), options.controller.settings.plan);
  addresses.ready = [&webhook] { return !webhook || webhook->ready(); };
  op::Probes probes(session.executor);
  try {
    probes.listen(controller.metrics(), addresses);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) {
    scope.spawn("operator", keep_running(controller, ended, failure));
    if (webhook) scope.spawn("webhook", webhook->run());
    scope.spawn("signals", until_signal(ended));
    co_await ended.wait();
  }
  co_await scope.close();
  co_await probes.close();
  if (failure) std::rethrow_exception(failure);
  co_return 0;
}

// Options of kubeflow's operator that have no effect here, and why. They are taken, so that its command lines work.
struct Ignored {
  const char* names;
  bool takes_value;
  const char* why;
};
constexpr std::array kIgnored{
    Ignored{"--kube-api-qps", true, "the API server says itself when it is asked too much, and is heard"},
    Ignored{"--kube-api-burst", true, "the API server says itself when it is asked too much, and is heard"},
    Ignored{"--workqueue-ratelimiter-bucket-qps", true, "what fails is tried again with pauses of its own"},
    Ignored{"--workqueue-ratelimiter-bucket-size", true, "what fails is tried again with pauses of its own"},
    Ignored{"--workqueue-ratelimiter-max-delay", true, "what fails is tried again after 30 s at the latest"},
    Ignored{"--cache-sync-timeout", true, "caches are filled page by page, however long that takes"},
    Ignored{"--feature-gates", true,
            "a default time to live is --default-time-to-live-seconds; there are no gates here"},
    Ignored{"--pprof-bind-address", true, "it is for programs in Go; use perf"},
    Ignored{"--zap-devel", false, "there are --zap-log-level and --zap-encoder"},
    Ignored{"--zap-stacktrace-level", true, "errors are sentences"},
    Ignored{"--zap-time-encoding", true, "times are RFC 3339"},
    Ignored{"--metric-tls-min-version", true, "it is TLS 1.2"},
    Ignored{"--metric-tls-cipher-suites", true, "they are OpenSSL's"},
    Ignored{"--webhook-tls-min-version", true, "it is TLS 1.2"},
    Ignored{"--webhook-tls-cipher-suites", true, "they are OpenSSL's"},
    Ignored{"--label-selector-filter", true, "the webhook's configurations select what it is asked about"},
    Ignored{"--submitter-service-url", true, "no other program is needed to submit"},
    Ignored{"--submitter-startup-timeout", true, "no other program is needed to submit"},
    Ignored{"--submitter-request-timeout", true, "no other program is needed to submit"},
    Ignored{"--submitter-max-retries", true, "no other program is needed to submit"},
    Ignored{"--submitter-initial-backoff", true, "no other program is needed to submit"},
    Ignored{"--submitter-tls-enabled", false, "no other program is needed to submit"},
    Ignored{"--submitter-tls-cert-file", true, "no other program is needed to submit"},
    Ignored{"--submitter-tls-key-file", true, "no other program is needed to submit"},
    Ignored{"--submitter-tls-ca-file", true, "no other program is needed to submit"},
};

void add_ignored(CLI::App& app) {
  for (const auto& option : kIgnored) {
    const auto tell = [&option] { log::warn("option without effect", "option", option.names, "why", option.why); };
    if (option.takes_value)
      app.add_option_function<std::string>(option.names, [tell](const std::string&) { tell(); })->group("");
    else
      app.add_flag_function(option.names, [tell](std::int64_t) { tell(); })->group("");
  }
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_cluster_options(app, options->cluster);
  app.add_option("--namespaces", options->controller.namespaces, "whose applications to run; all where it is not given")
      ->delimiter(',')
      ->type_name("NAMESPACE,...");
  app.add_option("--namespace-selector", options->controller.namespace_selector,
                 "labels of the namespaces whose applications to run, as team=etl,env in (test,production); with "
                 "--namespaces, beside these")
      ->type_name("SELECTOR");
  add_ignored(app);
  app.add_option("--workers,--controller-threads", options->controller.workers, "applications under way at a time")
      ->check(at_least(1))
      ->capture_default_str()
      ->type_name(takes::kNumber);
  add_applications(app, options->controller);
  add_replicas(app, *options);
  add_watching(app, *options);
  add_log(app, *options);
  add_webhook(app, *options);
  add_exposure(app, options->controller.settings.plan.services);
  add_scheduling(app, options->controller.settings.plan.schedulers);
  return [options] {
    if (options->webhook) keep_small_chunks();
    give_back_what_is_large();
    // kubeflow's chart says --namespaces="", with its quotes, for all.
    auto& namespaces = options->controller.namespaces;
    if (std::ranges::any_of(namespaces, [](const auto& ns) { return ns.empty() || ns == "\"\""; })) namespaces.clear();
    log::set_level(options->log_level);
    log::set_form(options->log_form);
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
