#include "operator/decide.h"

#include "operator/executors.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

constexpr Duration kLookAtObstacle = std::chrono::seconds(1);

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

// The first step: an id for the attempt, before anything of it is made.
Decision begin_attempt(const Application& app, Time now, const std::string& fresh_id) {
  Status next = app.status;
  next.submission_id = fresh_id;
  next.last_submission_attempt_time = now;
  next.submission_attempts += 1;
  try {
    next.driver.pod_name = driver_pod_name(app, read_spec(app));
  } catch (const Error& e) {
    return submission_failed(app, std::move(next), e.what());
  }
  Decision d;
  d.events = {normal("SparkApplicationAdded",
                     fmt::format("SparkApplication {} was added, enqueuing it for submission", app.name))};
  d.status = std::move(next);
  return d;
}

// The second step.
Decision make_attempt(const Application& app) {
  Decision d;
  try {
    d.create = plan(app);
  } catch (const Error& e) {
    return submission_failed(app, app.status, e.what());
  }
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

Decision follow(const Application& app, const Observed& seen, Time now, const Limits& limits) {
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
  follow_executors(next, seen.executors, limits.max_tracked_executors, d.events);
  if (next != app.status) d.status = std::move(next);
  return d;
}

Decision missing_driver(const Application& app, const Observed& seen, Time now, const Limits& limits) {
  Decision d;
  const auto since = app.status.last_submission_attempt_time;
  if (app.status.state == State::Submitted && since && now < *since + limits.driver_grace) {
    d.look_again = *since + limits.driver_grace - now;
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
  follow_executors(next, seen.executors, limits.max_tracked_executors, d.events);
  d.status = std::move(next);
  return d;
}

Decision end(const Application& app, const Observed& seen, State state, Time now, const Limits& limits) {
  Decision d;
  Status next = app.status;
  next.state = state;
  if (!next.termination_time) next.termination_time = now;
  follow_executors(next, seen.executors, limits.max_tracked_executors, d.events);
  d.events.push_back(state == State::Completed
                         ? normal("SparkApplicationCompleted", fmt::format("SparkApplication {} completed", app.name))
                         : warning("SparkApplicationFailed",
                                   fmt::format("SparkApplication {} failed: {}", app.name, next.error_message)));
  d.status = std::move(next);
  return d;
}

// After the end, executors may still be going.
Decision rest(const Application& app, const Observed& seen, const Limits& limits) {
  Decision d;
  Status next = app.status;
  follow_executors(next, seen.executors, limits.max_tracked_executors, d.events);
  if (next != app.status) d.status = std::move(next);
  return d;
}

// The rest of what was made goes with its owners; only the driver would go on working, and make executors.
Decision clean_up(const Observed& seen) {
  Decision d;
  if (seen.driver) d.remove = {{"v1", "Pod", seen.driver->name, seen.driver->uid}};
  return d;
}

// Another operator left it in a state that nothing here leads to, or out of.
Decision leave_alone(const Application& app) {
  Decision d;
  d.events = {
      warning("SparkApplicationUnsupportedState",
              fmt::format("SparkApplication {} is {}, which this operator does not support: delete it and create "
                          "it again",
                          app.name, word_of(app.status.state)))};
  return d;
}

}  // namespace

Decision decide(const Application& app, const Observed& seen, Time now, const std::string& fresh_id,
                const Limits& limits) {
  if (app.deleting) return clean_up(seen);
  switch (app.status.state) {
    case State::New:
      if (app.status.submission_id.empty()) return begin_attempt(app, now, fresh_id);
      return make_attempt(app);
    case State::Submitted:
    case State::Running:
    case State::Unknown:
      if (!seen.driver) return missing_driver(app, seen, now, limits);
      return follow(app, seen, now, limits);
    case State::Succeeding: return end(app, seen, State::Completed, now, limits);
    case State::Failing:
    case State::SubmissionFailed: return end(app, seen, State::Failed, now, limits);
    case State::Completed:
    case State::Failed: return rest(app, seen, limits);
    case State::PendingRerun:
    case State::Invalidating:
    case State::Suspending:
    case State::Suspended:
    case State::Resuming: return leave_alone(app);
  }
  return {};
}

Decision created(const Application& app, const Plan& plan, const std::string& ui_address) {
  Status next = app.status;
  next.state = State::Submitted;
  next.error_message.clear();
  next.execution_attempts += 1;
  next.spark_application_id = plan.app_id;
  next.driver.web_ui_service_name = kube::name(plan.ui_service);
  next.driver.web_ui_port = static_cast<int>(json::num(json::list(plan.ui_service, "spec.ports").at(0), "port"));
  next.driver.web_ui_address = fmt::format("{}:{}", ui_address, next.driver.web_ui_port);
  Decision d;
  d.events = {
      normal("SparkApplicationSubmitted", fmt::format("SparkApplication {} was submitted successfully", app.name))};
  for (const auto& text : plan.warnings) d.events.push_back(warning("SparkApplicationSubmissionWarning", text));
  d.status = std::move(next);
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
