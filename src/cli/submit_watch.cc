#include "cli/submit_watch.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <set>

#include "cli/command.h"
#include "cli/pod_log.h"
#include "cli/screen.h"
#include "cli/text/pods.h"
#include "cli/text/progress.h"
#include "cli/text/style.h"
#include "client/informer.h"
#include "kube/pod_trouble.h"
#include "net/scope.h"
#include "submit/pod_text.h"

namespace spoke::cli {
namespace {

constexpr std::string_view kWatcher = "LoggingPodStatusWatcherImpl";
constexpr std::chrono::seconds kLogEnds{10};  // after the driver's end

class Watcher {
 public:
  Watcher(Session& session, SubmittedDriver driver, boost::asio::signal_set& signals)
      : session_(session),
        driver_(std::move(driver)),
        ns_(driver_.ns),
        name_(kube::name(driver_.pod)),
        uid_(kube::uid(driver_.pod)),
        pod_(driver_.pod),
        begun_(now()),
        pods_(session.api, watched(), [this](const client::Object*, const client::Object* after) { look(after); }),
        changed_(session.executor),
        started_(session.executor),
        signals_(signals) {}

  net::Task<int> run() {
    net::Scope scope(session_.executor);
    scope.spawn("pods", pods_.run());
    scope.spawn("signals", await_signal());
    if (driver_.follow) scope.spawn("log", show_log());
    std::exception_ptr failure;
    try {
      co_await until_the_end();
    } catch (...) {
      failure = std::current_exception();
    }
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    screen_.progress("");
    co_await scope.close();
    if (failure) std::rethrow_exception(failure);
    co_return tell_end();
  }

 private:
  // On a terminal the executors are counted too.
  client::InformerOptions watched() const {
    client::InformerOptions options;
    options.resource = client::resources::pods;
    options.ns = ns_;
    if (screen_.interactive())
      options.label_selector = "spark-app-selector=" + driver_.app_id;
    else
      options.field_selector = "metadata.name=" + name_;
    return options;
  }

  void look(const client::Object* after) {
    changed_.notify();
    if (after != nullptr && kube::uid(*after) != uid_) return;
    if (after == nullptr) {
      gone_ = !is_there();
      return;
    }
    pod_ = *after;
    if (!screen_.interactive()) log("State changed, new state: " + submit::describe_pod(pod_));
    if (started(pod_)) started_.notify();
  }

  bool is_there() const {
    return std::any_of(pods_.all().begin(), pods_.all().end(),
                       [&](const auto& entry) { return kube::uid(entry.second.object) == uid_; });
  }

  net::Task<> until_the_end() {
    if (!screen_.interactive())
      log(fmt::format("Waiting for application {} with application ID {} and submission ID {} to finish...",
                      driver_.app_name, driver_.app_id, driver_.submission_id));
    Time reported = now();
    while (!gone_ && !submit::has_ended(pod_) && signal_ == 0) {
      // Gone before the first list, or another in its place since the last one.
      if (pods_.synced() && !is_there()) gone_ = true;
      co_await changed_.wait_for(screen_.interactive() ? net::Millis(250) : net::Millis(1000));
      tell_trouble();
      if (screen_.interactive()) {
        screen_.progress(progress_line({progress()}, screen_.width() - 1, screen_.colour()));
      } else if (now() - reported >= driver_.report_interval) {
        reported = now();
        report();
      }
    }
    if (!screen_.interactive()) report();
    const Time ended = now();
    while (driver_.follow && !logged_ && !gone_ && signal_ == 0 && started(pod_) && now() - ended < kLogEnds)
      co_await changed_.wait_for(net::Millis(100));
  }

  net::Task<> await_signal() {
    signal_ = co_await signals_.async_wait(boost::asio::use_awaitable);
    changed_.notify();
  }

  net::Task<> show_log() {
    while (!started(pod_)) co_await started_.wait();
    co_await follow_log(session_, {ns_, name_, uid_, main_container(pod_)},
                        [this](std::string_view text) { screen_.log(text); });
    logged_ = true;
    changed_.notify();
  }

  Progress progress() const {
    Progress out;
    out.name = driver_.app_name;
    out.state = submit::phase(pod_);
    out.wanted = driver_.executors;
    out.elapsed = now() - begun_;
    out.trouble = kube::pod_trouble(pod_);
    for (const auto& [key, pod] : pods_.all())
      if (is_executor(pod.object) && json::str(pod.object, "status.phase") == "Running") ++out.running;
    return out;
  }

  // spark-submit waits in silence for an image that is not there.
  void tell_trouble() {
    if (const std::string why = kube::pod_trouble(pod_);
        !why.empty() && !screen_.interactive() && told_.insert(why).second)
      screen_.say(fmt::format("spoke: {}: {}\n", name_, printable(why)));
  }

  int tell_end() {
    if (signal_ != 0) {
      screen_.say("spoke: " + left_running(driver_.submission_id) + "\n");
      return 128 + signal_;
    }
    const auto containers = submit::describe_containers(pod_);
    log(containers.empty() ? "No containers were found in the driver pod."
                           : "Container final statuses:\n\n" + containers);
    log(fmt::format("Application {} with application ID {} and submission ID {} finished", driver_.app_name,
                    driver_.app_id, driver_.submission_id));
    if (gone_ && !submit::has_ended(pod_)) screen_.say(fmt::format("spoke: the driver's pod {} was deleted\n", name_));
    if (driver_.spark_exit_code || submit::phase(pod_) == "Succeeded") return 0;
    const auto code = exit_code(pod_);
    return code && *code != 0 ? *code : kFailure;
  }

  void report() { log(fmt::format("Application status for {} (phase: {})", driver_.app_id, submit::phase(pod_))); }
  void log(const std::string& text) { screen_.say(spark_log_line(kWatcher, text)); }

  Session& session_;
  SubmittedDriver driver_;
  Screen screen_;
  std::string ns_, name_, uid_;
  client::Object pod_;
  Time begun_;
  client::Informer pods_;
  net::Event changed_, started_;
  boost::asio::signal_set& signals_;
  std::set<std::string> told_;  // troubles, each once
  int signal_ = 0;
  bool gone_ = false, logged_ = false;
};

}  // namespace

net::Task<int> watch_driver(Session& session, SubmittedDriver driver, boost::asio::signal_set& signals) {
  Watcher watcher(session, std::move(driver), signals);
  co_return co_await watcher.run();
}

std::string left_running(const std::string& submission_id) {
  return fmt::format("the driver goes on; `spoke submit --status {}` shows it, `spoke submit --kill {}` ends it",
                     submission_id, submission_id);
}

std::string spark_log_line(std::string_view logger, std::string_view text) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now());
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:%y/%m/%d %H:%M:%S} INFO {}: {}\n", local, logger, text);
}

}  // namespace spoke::cli
