#include "cli/follower.h"

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "cli/command.h"
#include "cli/deletion.h"
#include "cli/fit.h"
#include "cli/pod_log.h"
#include "cli/text/application.h"
#include "cli/text/log_lines.h"
#include "cli/text/pods.h"
#include "cli/text/style.h"
#include "kube/pod_trouble.h"
#include "net/scope.h"

namespace spoke::cli {
namespace {

using std::chrono::seconds;

// How long the log may take to end once the application has: the kubelet writes it out after the container's end.
constexpr seconds kLogEnds{10};
// An operator looks at a new application at once; where none does, a person should know.
constexpr seconds kOperatorLooks{10};

client::InformerOptions the_application(const std::string& ns, const std::string& name) {
  client::InformerOptions options;
  options.resource = client::resources::spark_applications;
  options.ns = ns;
  options.field_selector = "metadata.name=" + name;
  return options;
}

client::InformerOptions its_pods(const std::string& ns, const std::string& name) {
  client::InformerOptions options;
  options.resource = client::resources::pods;
  options.ns = ns;
  options.label_selector = pods_selector(name);
  // Only what progress, logs and exit codes need, of what may be thousands of executors.
  options.project = [](client::Object pod) {
    json::value kept = json::object{{"metadata", json::object{{"name", kube::name(pod)}, {"uid", kube::uid(pod)}}}};
    if (auto* labels = json::find(pod, "metadata.labels")) json::set(kept, "metadata.labels", std::move(*labels));
    if (auto* deleted = json::find(pod, "metadata.deletionTimestamp"))
      json::set(kept, "metadata.deletionTimestamp", *deleted);
    if (auto* containers = json::find(pod, "spec.containers"); containers != nullptr && is_driver(pod))
      json::set(kept, "spec.containers", std::move(*containers));
    if (auto* status = json::find(pod, "status")) kept.get_object()["status"] = std::move(*status);
    return kept;
  };
  return options;
}

// Why the pod fits no node even if nothing else ran there; "" where one could hold it, or nodes may not be read.
net::Task<std::string> fits_nowhere(Session& session, std::string ns, std::string name) {
  try {
    const client::Object pod = co_await session.api.get(client::resources::pods, ns, name);
    const client::List nodes = co_await session.api.list(client::resources::nodes, "", {});
    co_return misfit(pod, nodes.items);
  } catch (const kube::StatusError&) {
    co_return "";
  } catch (const net::ConnectionError&) {
    co_return "";
  }
}

}  // namespace

Follower::Follower(Session& session, Screen& screen, const client::Object& app, Time begun, std::string prefix,
                   Duration patience)
    : session_(session),
      screen_(screen),
      ns_(kube::ns(app)),
      name_(kube::name(app)),
      uid_(kube::uid(app)),
      prefix_(std::move(prefix)),
      timeline_(begun),
      app_(app),
      apps_(session.api, the_application(ns_, name_),
            [this](const client::Object*, const client::Object* after) { app_changed(after); }),
      pods_(session.api, its_pods(ns_, name_),
            [this](const client::Object*, const client::Object* after) {
              if (after != nullptr && is_driver(*after))
                if (const auto code = spoke::cli::exit_code(*after)) driver_exit_ = code;
              pods_changed_.notify();
              changed_.notify();
            }),
      changed_(session.executor),
      pods_changed_(session.executor),
      patience_(patience) {
  timeline_.enter(state_of(app), begun);
}

void Follower::app_changed(const client::Object* app) {
  changed_.notify();
  if (app == nullptr || kube::uid(*app) != uid_) {
    gone_ = true;
    return;
  }
  app_ = *app;
  const Time at = now();
  const std::string before = timeline_.state();
  if (timeline_.enter(state_of(*app), at)) tell_change(before, at);
  if (finished(timeline_.state()) && !ended_at_) ended_at_ = at;
}

void Follower::tell_change(const std::string& before, Time at) {
  if (screen_.interactive()) return;  // the progress line shows it
  const auto steps = timeline_.steps(at);
  screen_.say(fmt::format("{}: {} ({} took {})\n", name_, timeline_.state(), before,
                          short_duration(steps[steps.size() - 2].took)));
}

const client::Object* Follower::driver() const {
  const client::Object* found = nullptr;
  for (const auto& [key, pod] : pods_.all())
    if (is_driver(pod.object) && kube::uid(pod.object) != logged_uid_) found = &pod.object;
  return found;
}

Progress Follower::progress(Time at) const {
  Progress out;
  out.name = name_;
  out.state = timeline_.state();
  out.wanted = executors_wanted(app_);
  out.elapsed = timeline_.total(ended_at_.value_or(at));
  for (const auto& [key, entry] : pods_.all()) {
    const client::Object& pod = entry.object;
    if (is_executor(pod) && json::str(pod, "status.phase") == "Running") ++out.running;
    if (out.trouble.empty() || is_driver(pod))
      if (auto why = kube::pod_trouble(pod); !why.empty()) out.trouble = std::move(why);
  }
  if (out.trouble.empty() && out.state == "NEW") out.trouble = error_of(app_);  // why its driver is not made yet
  return out;
}

int Follower::exit_code() const {
  if (gone_ || cannot_start()) return kFailure;
  if (timeline_.state() == "COMPLETED") return 0;
  return driver_exit_ && *driver_exit_ != 0 ? *driver_exit_ : kFailure;
}

std::string Follower::last_words(bool colour) const {
  if (gone_) return fmt::format("{}: it was deleted in the state {}\n", name_, timeline_.state());
  if (cannot_start())
    return fmt::format("{}: it cannot start and was deleted (--start-timeout would let it wait): {}\n", name_,
                       printable(held_up_));
  std::string out = summary(name_, timeline_, ended_at_.value_or(now()), colour);
  if (const auto error = error_of(app_); !error.empty() && timeline_.state() != "COMPLETED")
    out += "  " + paint(Style::Bad, printable(error), colour) + "\n";
  return out;
}

// On a terminal the progress line shows it.
void Follower::tell_trouble() {
  const std::string why = progress(now()).trouble;
  if (screen_.interactive() || why.empty() || !told_.insert(why).second) return;
  screen_.say(fmt::format("{}: {}\n", name_, printable(why)));
}

void Follower::hint_where_nothing_happens() {
  if (hinted_ || timeline_.state() != "NEW" || !error_of(app_).empty() || timeline_.total(now()) < kOperatorLooks)
    return;
  hinted_ = true;
  screen_.say(name_ + ": nothing has looked at it yet; is an operator running in this cluster? (`spoke operator`)\n");
}

// An image that cannot be pulled, a size that no node has. What only waits for others to end is not held up.
net::Task<> Follower::look_whether_it_can_start() {
  const client::Object* pod = driver();
  std::string why = pod == nullptr ? "" : kube::pod_trouble(*pod);
  if (why.empty()) {
    held_up_since_.reset();
    co_return;
  }
  if (!held_up_since_) held_up_since_ = now();
  if (now() - *held_up_since_ < patience_) co_return;
  const std::string name(kube::name(*pod));
  if (why.starts_with("Unschedulable")) why = co_await fits_nowhere(session_, ns_, name);
  held_up_ = why;
}

net::Task<> Follower::run() {
  net::Scope scope(session_.executor);
  scope.spawn("applications", apps_.run());
  scope.spawn("pods", pods_.run());
  scope.spawn("logs", show_logs());
  std::exception_ptr failure;
  try {
    co_await watch_end();
  } catch (...) {
    failure = std::current_exception();
  }
  // Where this is cancelled, what it spawned has to be waited for all the same.
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await scope.close();
  ended_ = !failure;
  if (failure) std::rethrow_exception(failure);
}

net::Task<> Follower::watch_end() {
  while (!gone_ && !ended_at_ && !cannot_start()) {
    co_await changed_.wait_for(seconds(1));
    hint_where_nothing_happens();
    tell_trouble();
    co_await look_whether_it_can_start();
  }
  if (cannot_start()) co_return co_await delete_application(session_, ns_, name_, uid_, "Background");
  // The driver's pod is there: its log is shown to the end, unless that takes too long.
  while (!gone_ && (!pods_.synced() || driver() != nullptr) && now() - *ended_at_ < kLogEnds)
    co_await changed_.wait_for(net::Millis(200));
}

net::Task<> Follower::show_logs() {
  for (;;) {
    const client::Object* pod = driver();
    if (pod == nullptr || !started(*pod)) {
      co_await pods_changed_.wait();
      continue;
    }
    LoggedPod logged{ns_, std::string(kube::name(*pod)), std::string(kube::uid(*pod)), main_container(*pod)};
    const std::string uid = logged.uid;
    const auto code = co_await follow_log(session_, std::move(logged), [this](std::string_view text) {
      screen_.log(prefix_.empty() ? std::string(text) : prefix_lines(text, prefix_));
    });
    if (code) driver_exit_ = code;
    logged_uid_ = uid;
    changed_.notify();
  }
}

}  // namespace spoke::cli
