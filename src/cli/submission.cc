#include "cli/submission.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <future>
#include <utility>

#include "base/strings.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/screen.h"
#include "cli/submit_watch.h"
#include "cli/terminal.h"
#include "cli/text/style.h"
#include "data/yaml.h"
#include "submit/as_application.h"
#include "submit/create.h"
#include "submit/hadoop_conf.h"
#include "submit/job.h"
#include "submit/options.h"
#include "submit/target.h"
#include "submit/upload.h"

namespace spoke::cli {
namespace {

using submit::DryRun;

std::string executors_of(const spark::Conf& conf) {
  if (lower(conf.raw("spark.dynamicAllocation.enabled", "false")) == "true")
    return fmt::format("{}-{}", conf.raw("spark.dynamicAllocation.minExecutors", "0"),
                       conf.raw("spark.dynamicAllocation.maxExecutors", ""));
  return conf.raw("spark.executor.instances", "2");
}

// "uploading app.jar (2 of 3)  [=====>     ]  12.5 of 40.0 MiB"
std::string upload_line(const submit::UploadProgress& p, size_t cells) {
  constexpr size_t kBar = 20;
  constexpr double kMib = 1024 * 1024;
  const size_t full = p.total == 0 ? kBar : static_cast<size_t>(p.done * kBar / p.total);
  const std::string bar = std::string(full, '=') + std::string(kBar - full, ' ');
  return shorten(fmt::format("uploading {} ({} of {})  [{}]  {:.1f} of {:.1f} MiB", printable(p.file), p.number,
                             p.count, bar, static_cast<double>(p.done) / kMib, static_cast<double>(p.total) / kMib),
                 cells);
}

void print_objects(const std::vector<client::Object>& objects) {
  std::string text;
  for (const auto& object : objects) text += "---\n" + yaml::dump(object);
  print(text);
}

// In the order of their creation, each with its namespace, so that `kubectl apply` would put them where they belong.
std::vector<client::Object> all_objects(const spark::DriverObjects& driver) {
  std::vector<client::Object> all = driver.pre_resources;
  all.push_back(driver.pod);
  all.insert(all.end(), driver.resources.begin(), driver.resources.end());
  all.push_back(driver.config_map);
  for (auto& object : all) json::set(object, "metadata.namespace", driver.ns);
  return all;
}

// With --dry-run=server: as the API server would have them.
net::Task<int> show_created(Session& session, spark::DriverObjects driver) {
  auto created = co_await submit::create_driver(session.api, std::move(driver));
  created.others.insert(created.others.begin(), std::move(created.pod));
  print_objects(created.others);
  co_return 0;
}

net::Task<int> create_and_watch(Session& session, spark::DriverObjects driver, const submit::Arguments& arguments,
                                const spark::Conf& conf) {
  SubmittedDriver submitted;
  submitted.app_name = driver.properties["spark.app.name"];
  submitted.app_id = driver.app_id;
  submitted.ns = driver.ns;
  submitted.submission_id = driver.submission_id();
  submitted.executors = executors_of(conf);
  submitted.follow = arguments.follow;
  submitted.spark_exit_code = arguments.spark_exit_code;
  const bool wait = arguments.follow || conf.flag("spark.kubernetes.submission.waitAppCompletion", true);
  if (wait)
    submitted.report_interval =
        conf.time("spark.kubernetes.report.interval", std::chrono::milliseconds(1), std::chrono::seconds(1));
  // Nothing is left half done: a signal is acted upon once the driver is whole. A second one is not waited for.
  int signal = 0;
  boost::asio::signal_set signals(session.executor, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int number) {
    if (error) return;
    signal = number;
    signals.clear();
  });
  auto created = co_await submit::create_driver(session.api, std::move(driver));
  if (signal != 0) {
    complain(left_running(submitted.submission_id));
    co_return 128 + signal;
  }
  signals.cancel();
  submitted.pod = std::move(created.pod);
  if (!wait) {
    print_error(
        spark_log_line("Client", fmt::format("Deployed Spark application {} with application ID {} and submission "
                                             "ID {} into Kubernetes",
                                             submitted.app_name, submitted.app_id, submitted.submission_id)));
    co_return 0;
  }
  co_return co_await watch_driver(session, std::move(submitted), signals);
}

// Ctrl-C, or a SIGTERM.
class Interrupted : public Error {
 public:
  explicit Interrupted(int signal) : Error("interrupted"), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

// What has no cluster, but needs a loop. A signal cancels the task, so that it may clean up, and throws Interrupted.
template <class T>
T run_on_loop(net::Task<T> task) {
  boost::asio::io_context loop(1);
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  boost::asio::cancellation_signal cancel;
  int signal = 0;
  signals.async_wait([&](const boost::system::error_code& error, int number) {
    if (error) return;
    signal = number;
    signals.clear();  // a second one is not waited for
    cancel.emit(boost::asio::cancellation_type::terminal);
  });
  std::promise<T> result;
  const auto done = [&](const std::exception_ptr& failure, auto... value) {
    if (failure)
      result.set_exception(failure);
    else
      result.set_value(std::move(value)...);
    loop.stop();
  };
  boost::asio::co_spawn(loop, std::move(task), boost::asio::bind_cancellation_slot(cancel.slot(), done));
  loop.run();
  if (signal != 0) throw Interrupted(signal);
  return result.get_future().get();
}

void upload(const std::vector<submit::Upload>& uploads, const spark::Properties& hadoop,
            const submit::Surroundings& around) {
  if (uploads.empty()) return;
  Screen screen;
  for (const auto& one : uploads)
    if (!screen.interactive())
      screen.say(spark_log_line("KubernetesUtils",
                                fmt::format("Uploading file: {} to dest: {}...", one.file.string(), one.copy)));
  run_on_loop(submit::upload(uploads, hadoop, around, [&](const submit::UploadProgress& p) {
    screen.progress(upload_line(p, screen.width() - 1));
  }));
  screen.progress("");
}

}  // namespace

PodSubmission read_pod_submission(submit::Arguments& arguments) {
  arguments.deploy_mode = "cluster";
  PodSubmission out;
  out.around = submit::look_around();
  out.around.env.erase("SPARK_REMOTE");  // of a server that this has nothing to do with
  out.settings = submit::read_settings(arguments, out.around);
  tell_choices(arguments, out.settings);
  for (const auto& warning : out.settings.warnings) complain(warning);
  out.target = submit::find_submission_target(out.settings, arguments, out.around);
  out.settings.conf.set_if_missing("spark.kubernetes.namespace", out.target.ns);
  return out;
}

bool has_help_flag(const std::vector<std::string>& words) {
  return std::ranges::any_of(words, [](const auto& word) { return word == "-h" || word == "--help"; });
}

int submit_to_cluster(const submit::Arguments& arguments, submit::Settings settings, const submit::Surroundings& around,
                      const Variant& variant) {
  std::optional<client::Target> target;
  const bool offline = arguments.dry_run == DryRun::Client || arguments.as_application;
  if (!offline || !settings.master) target = submit::find_submission_target(settings, arguments, around);
  if (!settings.master) settings.master = "k8s://" + target->url();
  const spark::Properties hadoop = submit::hadoop_conf(settings.conf, around);
  const auto fetch = [&](const std::string& uri) { return run_on_loop(submit::fetch_file(uri, hadoop, around)); };
  spark::Submission submission = submit::read_submission(arguments, settings, around, fetch);
  if (variant.adapt) variant.adapt(submission);
  if (arguments.as_application) {
    std::vector<std::string> warnings;
    const auto application = submit::as_application(submission, warnings);
    for (const auto& warning : warnings) complain(warning);
    print(yaml::dump(application));
    return 0;
  }
  const auto uploads = submit::plan_uploads(submission, around);
  for (const auto& one : uploads) submission.uploads[one.uri] = one.copy;
  spark::DriverObjects driver = spark::build_driver(submission);
  if (variant.extend) variant.extend(driver);
  for (const auto& warning : driver.warnings) complain(warning);
  if (arguments.dry_run == DryRun::Client) {
    print_objects(all_objects(driver));
    return 0;
  }
  if (arguments.dry_run == DryRun::No) upload(uploads, hadoop, around);
  target->dry_run = arguments.dry_run == DryRun::Server;
  return on_target(std::move(*target), [&](Session& session) {
    if (arguments.dry_run == DryRun::Server) return show_created(session, std::move(driver));
    return variant.create ? variant.create(session, std::move(driver))
                          : create_and_watch(session, std::move(driver), arguments, submission.conf);
  });
}

int with_submit_errors(const std::string& command, const std::function<int()>& work) {
  try {
    return work();
  } catch (const submit::BadArguments& e) {
    print_error(fmt::format("Error: {}\n", e.what()));  // the launcher's words
    complain(fmt::format("see `spoke help {}`", command));
    return kFailure;  // as spark-submit
  } catch (const Interrupted& e) {
    complain("interrupted before anything was created");
    return 128 + e.signal();
  } catch (const submit::Forbidden& e) {
    complain(e.what());
    complain("this Role allows the whole submission; an administrator can create it, and bind it to you:");
    print_error(e.role());
    return kFailure;
  }
}

void tell_choices(const submit::Arguments& arguments, const submit::Settings& settings) {
  if (!arguments.verbose) return;
  for (const auto& file : settings.files) complain("Using properties file: " + file);
  complain(fmt::format("rules of Spark {} ({})", settings.spark_version, settings.version_source));
}

void add_submit_options(CLI::App& app) {
  for (const auto& option : submit::options()) {
    std::string names(option.name);
    if (!option.alias.empty()) names += "," + std::string(option.alias);
    const std::string meaning(option.meaning);
    if (option.id == submit::Id::Help) continue;
    CLI::Option* added = option.value.empty()
                             ? app.add_flag(names, meaning)
                             : app.add_option_function<std::string>(names, [](const std::string&) {}, meaning);
    if (!option.value.empty()) added->type_name(std::string(option.value));
    added->group(std::string(option.group));
  }
}

}  // namespace spoke::cli
