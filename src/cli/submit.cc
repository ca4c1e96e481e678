#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/submission.h"
#include "cli/terminal.h"
#include "submit/client_mode.h"
#include "submit/hand_over.h"
#include "submit/submitted.h"
#include "submit/target.h"

namespace spoke::cli {
namespace {

using submit::DryRun;

void say(const std::string& line) { print_error(line + "\n"); }

// The same command line for spark-submit: what spoke's own options say, in its words.
std::vector<std::string> words_for_spark(const submit::Arguments& arguments) {
  std::vector<std::string> words;
  const auto add = [&](std::string_view property, const std::optional<std::string>& value) {
    if (!value) return;
    words.emplace_back("--conf");
    words.push_back(fmt::format("{}={}", property, *value));
  };
  add("spark.kubernetes.namespace", arguments.ns);
  add("spark.kubernetes.context", arguments.context);
  if (!arguments.kubeconfig.empty()) ::setenv("KUBECONFIG", arguments.kubeconfig.c_str(), 1);
  words.insert(words.end(), arguments.for_spark.begin(), arguments.for_spark.end());
  return words;
}

net::Task<int> prepare_service(client::Api& api, submit::ServiceName name, std::string pod) {
  co_await submit::prepare_driver_service(api, std::move(name), std::move(pod));
  co_return 0;
}

// What can be done for the executors to find the driver. Where it cannot, spark-submit may do without.
void prepare_client_mode(const submit::Arguments& arguments, const submit::Settings& settings,
                         const submit::Surroundings& around) {
  const auto service = submit::driver_service_name(settings.conf);
  const auto pod = around.variable("HOSTNAME");
  const bool in_pod = around.variable("KUBERNETES_SERVICE_HOST").has_value();
  try {
    auto target = submit::find_submission_target(settings, arguments, around);
    if (in_pod && service && pod) {
      on_target(std::move(target), [&](Session& session) { return prepare_service(session.api, *service, *pod); });
    } else if (!in_pod) {
      if (const auto hint = submit::hint_about_driver_host(settings.conf, is_embedded(target)); !hint.empty())
        complain(hint);
    }
  } catch (const std::exception& e) {
    complain(e.what());
  }
}

[[noreturn]] void run_here(const submit::Arguments& arguments, const submit::Settings& settings,
                           const submit::Surroundings& around) {
  if (arguments.dry_run != DryRun::No || arguments.as_application)
    throw UsageError("--dry-run and --as-application are for cluster mode; add --deploy-mode cluster");
  prepare_client_mode(arguments, settings, around);
  submit::hand_over(words_for_spark(arguments), around, "in client mode the driver is a JVM of this machine");
}

net::Task<int> manage(Session& session, const submit::Arguments& arguments, const submit::Settings& settings) {
  submit::Asked asked;
  asked.id = submit::parse_submission_id(arguments.submission_id);
  asked.text = arguments.submission_id;
  asked.master = settings.master.value_or("k8s://" + session.target.url());
  asked.ns = settings.conf.text("spark.kubernetes.namespace", session.target.ns);
  if (arguments.action == submit::Action::Status) {
    co_await submit::status(session.api, asked, say);
  } else {
    constexpr std::string_view kGrace = "spark.kubernetes.appKillPodDeletionGracePeriod";
    std::optional<long> grace;
    if (settings.conf.has(kGrace))
      grace = std::chrono::floor<std::chrono::seconds>(settings.conf.time(kGrace, std::chrono::seconds(1), {})).count();
    co_await submit::kill(session.api, asked, grace, say);
  }
  co_return 0;
}

int run(const submit::Arguments& arguments) {
  const submit::Surroundings around = submit::look_around();
  submit::Settings settings = submit::read_settings(arguments, around);
  if (submit::needs_spark(arguments, settings))
    submit::hand_over(words_for_spark(arguments), around,
                      fmt::format("spoke submits to Kubernetes (--master k8s://…), not to {}",
                                  settings.master.value_or("the local machine")));
  tell_choices(arguments, settings);
  if (arguments.action == submit::Action::Kill || arguments.action == submit::Action::Status)
    return on_target(submit::find_submission_target(settings, arguments, around),
                     [&](Session& session) { return manage(session, arguments, settings); });
  for (const auto& warning : settings.warnings) complain(warning);
  if (!settings.cluster_mode) run_here(arguments, settings, around);
  return submit_to_cluster(arguments, std::move(settings), around, {});
}

int read_and_run(const std::vector<std::string>& words) {
  const submit::Arguments arguments = submit::parse_arguments(words);
  if (arguments.jvm)
    submit::hand_over(words_for_spark(arguments), submit::look_around(), "--jvm runs the spark-submit of SPARK_HOME");
  if (arguments.action == submit::Action::UsageError) throw submit::BadArguments("usage");
  if (arguments.action == submit::Action::Version) {
    print(fmt::format("spoke {}, with spark-submit's rules of Spark 3.5 to 4.3\n", SPOKE_VERSION));
    return 0;
  }
  return run(arguments);
}

bool asks_for_help(const std::vector<std::string>& words) {
  try {
    return words.empty() || submit::parse_arguments(words).action == submit::Action::Help;
  } catch (const submit::BadArguments&) {
    return false;
  }
}

std::optional<int> run_words(std::vector<std::string>& words) {
  if (asks_for_help(words)) {
    words = {"--help"};
    return std::nullopt;
  }
  return with_submit_errors("submit", [&] { return read_and_run(words); });
}

// For help and completion; run_words reads the words.
Action set_up(CLI::App& app) {
  add_submit_options(app);
  app.add_option("RESOURCE", "the application: a jar, .py or .R file")->type_name(takes::kFile);
  app.add_option("ARGUMENT", "the application's own arguments")->type_name("ARGUMENT")->expected(0, -1);
  return [] { return 0; };
}

}  // namespace

extern const Command submit_command{
    .name = "submit",
    .group = "Applications",
    .summary = "submit an application as spark-submit does, without a JVM",
    .details =
        "Takes spark-submit's arguments, reads the same configuration (spark-defaults.conf, SPARK_CONF_DIR, "
        "HADOOP_CONF_DIR, "
        "the environment) and asks Kubernetes for the same objects: `alias spark-submit='spoke submit'`.\n\n"
        "It waits for the driver, unless spark.kubernetes.submission.waitAppCompletion is false, and ends with the "
        "driver's own "
        "exit code; spark-submit's 0 comes with --exit-code=spark. Client mode and other masters are run by the "
        "spark-submit of "
        "SPARK_HOME.",
    .examples =
        "spoke submit --deploy-mode cluster --master k8s://https://host:6443 --class org.apache.spark.examples.SparkPi "
        "\\\n"
        "  --conf spark.kubernetes.container.image=apache/spark:4.1.1 "
        "local:///opt/spark/examples/jars/spark-examples.jar 100\n"
        "spoke submit --conf spark.kubernetes.container.image=apache/spark:4.1.1 local:///opt/app.py   # current "
        "context\n"
        "spoke submit --dry-run ... | less           # what would be created\n"
        "spoke submit --status spark:pi-*\n"
        "spoke submit --kill spark:pi-driver",
    .exit_codes =
        "1 also where the command line makes no sense, as spark-submit has it\nN the driver's exit code, where it "
        "failed\n130 interrupted by Ctrl-C (143: by SIGTERM); the driver goes on",
    .set_up = set_up,
    .run_words = run_words,
};

}  // namespace spoke::cli
