#include "operator/decide.h"

#include <algorithm>

#include "operator/executors.h"
#include "operator/ids.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

constexpr Duration kLookAtObstacle = std::chrono::seconds(1);
// The end of a pod is an event; this is for the one that is missed.
constexpr Duration kLookAtLeaving = std::chrono::seconds(5);
constexpr std::int64_t kCentury = std::int64_t{100} * 365 * 24 * 3600;  // s

Event normal(std::string reason, std::string message) { return {false, std::move(reason), std::move(message)}; }
Event warning(std::string reason, std::string message) { return {true, std::move(reason), std::move(message)}; }

Decision submission_failed(const Application& app, Status next, const std::string& why) {
  next.state = State::SubmissionFailed;
  next.error_message = why;
  Decision d;
  d.events = {warning("SparkApplicationSubmissionFailed",
                      fmt::format("failed to submit SparkApplication {}: {}", app.name, why))};
  d.status = std::move(next);
  return d;
}

// What one attempt leaves in status, and the next must not find there. Its id stays: by it the driver is seen to go.
void forget_attempt(Status& status) {
  status.spark_application_id.clear();
  status.error_message.clear();
  status.termination_time.reset();
  status.driver = {};
  status.executor_state.clear();
}

// The first step: an id for the attempt, before anything of it is made.
Decision begin_attempt(const Application& app, Time now, const std::string& fresh_id) {
  Status next = app.status;
  forget_attempt(next);
  next.submission_id = with_fingerprint(fresh_id, app.fingerprint);
  next.last_submission_attempt_time = now;
  next.submission_attempts += 1;
  try {
    next.driver.pod_name = driver_pod_name(app, read_spec(app));
  } catch (const Error& e) {
    return submission_failed(app, std::move(next), e.what());
  }
  Decision d;
  if (app.status.state == State::New)
    d.events = {normal("SparkApplicationAdded",
                       fmt::format("SparkApplication {} was added, enqueuing it for submission", app.name))};
  d.status = std::move(next);
  return d;
}

// Between the two steps, or within the second.
bool has_begun(const Status& status) {
  const bool between =
      status.state == State::New || status.state == State::PendingRerun || status.state == State::Resuming;
  return between && !status.submission_id.empty() && !status.driver.pod_name.empty();
}

// The second step.
Decision make_attempt(const Application& app, const Settings& settings) {
  Decision d;
  try {
    d.create = plan(app, settings.plan);
  } catch (const Error& e) {
    return submission_failed(app, app.status, e.what());
  }
  return d;
}

// The spec is not the one that the attempt was made from.
bool is_edited(const Application& app) {
  const auto made_from = fingerprint_in(app.status.submission_id);
  return made_from && *made_from != app.fingerprint;
}

// What goes with its owners goes by itself; the driver would go on working, and the names of the others are needed.
std::vector<Removal> left_over(const Application& app, const Observed& seen) {
  std::vector<Removal> out;
  if (seen.driver && !seen.driver->deleting) out.push_back({"v1", "Pod", seen.driver->name, seen.driver->uid});
  if (const auto& name = app.status.driver.web_ui_service_name; !name.empty())
    out.push_back({"v1", "Service", name, ""});
  if (const auto& name = app.status.driver.web_ui_ingress_name; !name.empty())
    out.push_back({"networking.k8s.io/v1", "Ingress", name, ""});
  return out;
}

// With what was made of an attempt that came to nothing: it has no driver yet that would own it.
Decision take_down(const Application& app, const Observed& seen, const Settings& settings) {
  Decision d;
  d.remove = left_over(app, seen);
  const bool unmade = !app.status.driver.pod_name.empty() && app.status.spark_application_id.empty();
  if (!unmade) return d;
  try {
    d.take_back = plan(app, settings.plan);
  } catch (const Error&) {  // then nothing was made either
  }
  return d;
}

Decision invalidate(const Application& app) {
  Decision d;
  d.status = app.status;
  d.status->state = State::Invalidating;
  d.events = {normal("SparkApplicationInvalidating",
                     fmt::format("The spec of SparkApplication {} was edited, starting it again", app.name))};
  return d;
}

Decision suspend(const Application& app) {
  Decision d;
  d.status = app.status;
  d.status->state = State::Suspending;
  d.events = {warning("SparkApplicationSuspending", fmt::format("SparkApplication {} is suspending", app.name))};
  return d;
}

Decision to_rerun(const Application& app, Decision d) {
  Status next = app.status;
  if (next.state == State::Invalidating) next.submission_attempts = next.execution_attempts = 0;
  forget_attempt(next);
  next.state = State::PendingRerun;
  d.events = {warning("SparkApplicationPendingRerun", fmt::format("SparkApplication {} is pending rerun", app.name))};
  d.status = std::move(next);
  return d;
}

// Nothing, once the API server has said that the driver is gone.
std::optional<Decision> wait_for_driver_to_go(const Application& app, const Observed& seen, const Settings& settings) {
  Decision d = take_down(app, seen, settings);
  if (!seen.driver) {
    if (seen.asked) return std::nullopt;
    d.ask_api = true;
    return d;
  }
  d.look_again = kLookAtLeaving;
  if (!seen.driver->deleting) return d;
  const std::string why = fmt::format("waiting for driver pod {} of the attempt before to be gone{}", seen.driver->name,
                                      seen.driver->node.empty() ? "" : " from node " + seen.driver->node);
  if (app.status.error_message == why) return d;
  d.status = app.status;
  d.status->error_message = why;
  return d;
}

Decision begin_when_alone(const Application& app, const Observed& seen, Time now, const std::string& fresh_id,
                          const Settings& settings) {
  if (auto waiting = wait_for_driver_to_go(app, seen, settings)) return *std::move(waiting);
  return begin_attempt(app, now, fresh_id);
}

Decision suspending(const Application& app, const Observed& seen, const Settings& settings) {
  if (auto waiting = wait_for_driver_to_go(app, seen, settings)) return *std::move(waiting);
  Decision d = take_down(app, seen, settings);
  d.status = app.status;
  forget_attempt(*d.status);
  d.status->state = State::Suspended;
  d.events = {warning("SparkApplicationSuspended", fmt::format("SparkApplication {} is suspended", app.name))};
  return d;
}

Decision suspended(const Application& app) {
  Decision d;
  if (app.suspend) return d;
  d.status = app.status;
  d.status->state = State::Resuming;
  d.events = {warning("SparkApplicationResuming", fmt::format("SparkApplication {} is resuming", app.name))};
  return d;
}

struct DriverView {
  State state;
  Event event;
};

// A driver whose container has ended is at its end, even while sidecars keep the pod running.
DriverView view(const DriverPod& driver) {
  const bool ended = driver.terminated && (driver.phase == "Running" || driver.phase == "Failed");
  if (driver.phase == "Succeeded" || (ended && driver.terminated->exit_code == 0))
    return {State::Succeeding, normal("SparkDriverCompleted", fmt::format("Driver {} completed", driver.name))};
  if (driver.phase == "Failed" || ended)
    return {State::Failing, warning("SparkDriverFailed", fmt::format("Driver {} failed", driver.name))};
  if (driver.phase == "Running")
    return {State::Running, normal("SparkDriverRunning", fmt::format("Driver {} is running", driver.name))};
  if (driver.phase == "Pending" || driver.phase.empty())
    return {State::Submitted, normal("SparkDriverPending", fmt::format("Driver {} is pending", driver.name))};
  return {State::Unknown, warning("SparkDriverUnknown", fmt::format("Driver {} in unknown state", driver.name))};
}

std::string reason_of_failure(const DriverPod& driver) {
  if (driver.terminated)
    return fmt::format("driver container failed with ExitCode: {}, Reason: {}", driver.terminated->exit_code,
                       driver.terminated->reason);
  // An evicted pod says why itself.
  std::string why = "driver container status missing";
  if (!driver.reason.empty()) why += ": " + driver.reason;
  if (!driver.message.empty()) why += ": " + driver.message;
  return why;
}

Decision follow(const Application& app, const Observed& seen, Time now, const Settings& settings) {
  Decision d;
  Status next = app.status;
  const DriverPod& driver = *seen.driver;
  const DriverView is = view(driver);
  if (!driver.app_id.empty()) next.spark_application_id = driver.app_id;
  if (is.state == State::Succeeding || is.state == State::Failing)
    if (!next.termination_time) next.termination_time = now;
  if (is.state == State::Failing) next.error_message = reason_of_failure(driver);
  if (is.state != app.status.state) d.events.push_back(is.event);
  next.state = is.state;
  follow_executors(next, seen.executors, settings.max_tracked_executors, d.events);
  if (next != app.status) d.status = std::move(next);
  return d;
}

Decision missing_driver(const Application& app, const Observed& seen, Time now, const Settings& settings) {
  Decision d;
  const auto since = app.status.last_submission_attempt_time;
  if (app.status.state == State::Submitted && since && now < *since + settings.driver_grace) {
    d.look_again = *since + settings.driver_grace - now;
    return d;
  }
  // A cache may be late; a running application is not given up on its word.
  if (!seen.asked) {
    d.ask_api = true;
    return d;
  }
  Status next = app.status;
  next.state = State::Failing;
  next.error_message = "driver pod not found";
  next.termination_time = now;
  follow_executors(next, seen.executors, settings.max_tracked_executors, d.events);
  d.status = std::move(next);
  return d;
}

// After the driver's end.
std::vector<Removal> of_no_use(const Application& app, const Settings& settings) {
  std::vector<Removal> out;
  if (app.driver_budget && settings.plan.driver_budgets)
    out.push_back({"policy/v1", "PodDisruptionBudget", app.status.driver.pod_name, ""});
  if (const auto group = pod_group_of(app, settings.plan.schedulers))
    out.push_back({group->api_version, "PodGroup", group->name, ""});
  return out;
}

Decision end(const Application& app, const Observed& seen, State state, Time now, const Settings& settings) {
  Decision d;
  Status next = app.status;
  next.state = state;
  if (!next.termination_time) next.termination_time = now;
  follow_executors(next, seen.executors, settings.max_tracked_executors, d.events);
  d.remove = of_no_use(app, settings);
  d.events.push_back(state == State::Completed
                         ? normal("SparkApplicationCompleted", fmt::format("SparkApplication {} completed", app.name))
                         : warning("SparkApplicationFailed",
                                   fmt::format("SparkApplication {} failed: {}", app.name, next.error_message)));
  d.status = std::move(next);
  return d;
}

// After an attempt's end, executors may still be going.
Decision follow_rest(const Application& app, const Observed& seen, const Settings& settings) {
  Decision d;
  Status next = app.status;
  follow_executors(next, seen.executors, settings.max_tracked_executors, d.events);
  if (next != app.status) d.status = std::move(next);
  return d;
}

Decision end_or_rerun(const Application& app, const Observed& seen, State end_state, Time now,
                      const Settings& settings) {
  if (!is_retried(app.restart, app.status)) return end(app, seen, end_state, now, settings);
  const Time due = retry_due(app.restart, app.status);
  if (now >= due) return to_rerun(app, take_down(app, seen, settings));
  Decision d = follow_rest(app, seen, settings);
  d.look_again = due - now;
  return d;
}

Decision ended(const Application& app, const Observed& seen, Time now, const Settings& settings) {
  Decision d = follow_rest(app, seen, settings);
  const auto seconds = app.time_to_live ? app.time_to_live : settings.default_time_to_live;
  if (!seconds || !app.status.termination_time) return d;
  const Time until =
      *app.status.termination_time + std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, kCentury));
  if (now < until)
    d.look_again = until - now;
  else
    d = {.remove_application = true};
  return d;
}

// The rest of what was made goes with its owners; only the driver would go on working, and make executors.
Decision clean_up(const Observed& seen) {
  Decision d;
  if (seen.driver) d.remove = {{"v1", "Pod", seen.driver->name, seen.driver->uid}};
  return d;
}

// What has nothing before it but its end is let end.
bool can_be_suspended(const Application& app) {
  switch (app.status.state) {
    case State::New:
    case State::Submitted:
    case State::Running:
    case State::Unknown:
    case State::PendingRerun:
    case State::Resuming: return true;
    case State::Succeeding:
    case State::Failing:
    case State::SubmissionFailed: return is_retried(app.restart, app.status);
    case State::Completed:
    case State::Failed:
    case State::Invalidating:
    case State::Suspending:
    case State::Suspended: return false;
  }
  return false;
}

// Where an attempt is about to begin, it begins with the spec as it is then.
bool can_be_invalidated(const Status& status) {
  switch (status.state) {
    case State::New:
    case State::PendingRerun:
    case State::Resuming: return has_begun(status);
    case State::Invalidating:
    case State::Suspending:
    case State::Suspended: return false;
    case State::Submitted:
    case State::Running:
    case State::Unknown:
    case State::Succeeding:
    case State::Failing:
    case State::SubmissionFailed:
    case State::Completed:
    case State::Failed: return true;
  }
  return false;
}

}  // namespace

Decision decide(const Application& app, const Observed& seen, Time now, const std::string& fresh_id,
                const Settings& settings) {
  if (app.deleting) return clean_up(seen);
  if (app.suspend && can_be_suspended(app)) return suspend(app);
  if (is_edited(app) && can_be_invalidated(app.status)) return invalidate(app);
  if (has_begun(app.status)) return make_attempt(app, settings);
  switch (app.status.state) {
    case State::New: return begin_attempt(app, now, fresh_id);
    case State::PendingRerun:
    case State::Resuming: return begin_when_alone(app, seen, now, fresh_id, settings);
    case State::Submitted:
    case State::Running:
    case State::Unknown:
      if (!seen.driver) return missing_driver(app, seen, now, settings);
      return follow(app, seen, now, settings);
    case State::Succeeding: return end_or_rerun(app, seen, State::Completed, now, settings);
    case State::Failing:
    case State::SubmissionFailed: return end_or_rerun(app, seen, State::Failed, now, settings);
    case State::Completed:
    case State::Failed: return ended(app, seen, now, settings);
    case State::Invalidating: return to_rerun(app, take_down(app, seen, settings));
    case State::Suspending: return suspending(app, seen, settings);
    case State::Suspended: return suspended(app);
  }
  return {};
}

Decision created(const Application& app, const Plan& plan) {
  Status next = app.status;
  next.state = State::Submitted;
  next.error_message.clear();
  next.execution_attempts += 1;
  next.spark_application_id = plan.app_id;
  next.driver = plan.web_ui;
  next.driver.pod_name = app.status.driver.pod_name;
  Decision d;
  d.events = {
      normal("SparkApplicationSubmitted", fmt::format("SparkApplication {} was submitted successfully", app.name))};
  for (const auto& text : plan.warnings) d.events.push_back(warning("SparkApplicationSubmissionWarning", text));
  d.status = std::move(next);
  return d;
}

Decision served(const Application& app, const std::string& ui_address) {
  Decision d;
  d.status = app.status;
  d.status->driver.web_ui_address = fmt::format("{}:{}", ui_address, app.status.driver.web_ui_port);
  return d;
}

Decision unserved(const Application& app, const std::string& why) {
  Decision d;
  d.status = app.status;
  d.status->driver = {.pod_name = app.status.driver.pod_name};
  d.events = {warning("SparkApplicationServicesFailed",
                      fmt::format("SparkApplication {} runs without a Service for its web UI: {}", app.name, why))};
  return d;
}

Decision held_up(const Application& app, const std::vector<Removal>& made, const std::string& why, Time now,
                 Duration patience) {
  const auto since = app.status.last_submission_attempt_time;
  if (!since || now >= *since + patience) return refused(app, made, why);
  Decision d;
  d.look_again = kLookAtObstacle;
  if (app.status.error_message != why) {
    d.status = app.status;
    d.status->error_message = why;
  }
  return d;
}

Decision refused(const Application& app, const std::vector<Removal>& made, const std::string& why) {
  Decision d = submission_failed(app, app.status, why);
  d.remove = made;
  return d;
}

Claim claim(const Application& app, const kube::Object& existing) {
  const json::value* owner = kube::controller_of(existing);
  if (kube::deleting(existing)) return Claim::Leaving;
  if (owner == nullptr) return Claim::Foreign;
  const std::string_view owner_kind = json::str(*owner, "kind");
  const std::string_view owner_name = json::str(*owner, "name");
  if (owner_kind == kKind && owner_name == app.name) {
    if (json::str(*owner, "uid") != app.uid) return Claim::Leaving;
    const std::string_view attempt = kube::label(existing, label::submission_id);
    const bool unlabelled = attempt.empty() && kube::kind(existing) != "Pod";
    return unlabelled || attempt == app.status.submission_id ? Claim::Ours : Claim::Leaving;
  }
  // Handed over to the driver already. The names of such objects are this attempt's alone.
  return owner_kind == "Pod" && owner_name == app.status.driver.pod_name ? Claim::Ours : Claim::Foreign;
}

}  // namespace spoke::op
