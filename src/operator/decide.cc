#include "operator/decide.h"

#include <algorithm>

#include "base/utf8.h"
#include "operator/deadlines.h"
#include "operator/drivers.h"
#include "operator/executors.h"
#include "operator/ids.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

constexpr Duration kLookAtObstacle = std::chrono::seconds(1);
// The end of a pod is an event; this is for the one that is missed.
constexpr Duration kLookAtLeaving = std::chrono::seconds(5);
constexpr std::int64_t kCentury = std::int64_t{100} * 365 * 24 * 3600;  // s

Decision submission_failed(const Application& app, Status next, const std::string& why) {
  next.state = State::SubmissionFailed;
  next.error_message = why;
  Decision d;
  d.events = {warning("SparkApplicationSubmissionFailed",
                      fmt::format("failed to submit SparkApplication {}: {}", app.name, why))};
  d.status = std::move(next);
  return d;
}

// What a state on the way to an end comes to.
State end_of(State state) {
  switch (state) {
    case State::Succeeding: return State::Completed;
    case State::Failing: return State::Failed;
    case State::Suspending: return State::Suspended;
    default: return state;
  }
}

void see_executors(Status& next, const Application& app, const Observed& seen, const Settings& settings,
                   std::vector<Event>& events) {
  if (app.extras.executor_summary)
    count_executors(next, seen.executors);
  else
    follow_executors(next, seen.executors, settings.max_tracked_executors, events);
}

// What one attempt leaves in status, and the next must not find there. Its id stays: by it the driver is seen to go.
void forget_attempt(Status& status) {
  status.spark_application_id.clear();
  status.error_message.clear();
  status.termination_time.reset();
  status.driver = {};
  status.executor_state.clear();
  status.executor_summary.clear();
}

constexpr size_t kLongestMessage = 500;  // of an attempt before: a hundred must fit into etcd

// Before it is forgotten.
void remember_attempt(Status& status, int history) {
  const bool known = !status.attempts.empty() && status.attempts.back().submission_id == status.submission_id;
  if (history > 0 && !known && !status.submission_id.empty())
    status.attempts.push_back({.submission_id = status.submission_id,
                               .spark_application_id = status.spark_application_id,
                               .state = std::string(word_of(end_of(status.state))),
                               .error_message = valid_utf8(status.error_message, kLongestMessage),
                               .submission_time = status.last_submission_attempt_time,
                               .termination_time = status.termination_time});
  if (const auto over = std::ssize(status.attempts) - history; over > 0)
    status.attempts.erase(status.attempts.begin(), status.attempts.begin() + over);
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
  return made_from ? *made_from != app.fingerprint : app.edited;
}

Removal removal_of(const DriverPod& driver) { return {"v1", "Pod", driver.name, driver.uid}; }

// What goes with its owners goes by itself; the driver would go on working, and the names of the others are needed.
std::vector<Removal> left_over(const Application& app, const Observed& seen) {
  std::vector<Removal> out;
  if (seen.driver && !seen.driver->deleting) out.push_back(removal_of(*seen.driver));
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

// Long enough that what came before it does not count.
bool lasted(const Application& app) {
  const auto since = app.status.last_submission_attempt_time, until = app.status.termination_time;
  const auto enough = app.extras.reset_restarts_after;
  return enough && since && until && *until - *since >= *enough;
}

Decision to_rerun(const Application& app, Decision d) {
  Status next = app.status;
  if (next.state == State::Invalidating || lasted(app)) next.submission_attempts = next.execution_attempts = 0;
  remember_attempt(next, app.extras.attempt_history);
  forget_attempt(next);
  next.state = State::PendingRerun;
  d.events = {warning("SparkApplicationPendingRerun", fmt::format("SparkApplication {} is pending rerun", app.name))};
  d.status = std::move(next);
  return d;
}

// Another try has an interval to wait for: it counts as one.
Decision waited_in_vain(const Application& app, Time now, const std::string& what) {
  Status next = app.status;
  next.submission_attempts += 1;
  next.last_submission_attempt_time = now;
  return submission_failed(
      app, std::move(next),
      fmt::format("waited for {} in vain; delete it by force when nothing of it can run any more", what));
}

// Nothing, once the API server has said that the driver is gone.
std::optional<Decision> wait_for_driver_to_go(const Application& app, const Observed& seen, Time now,
                                              const Settings& settings) {
  Decision d = take_down(app, seen, settings);
  if (!seen.driver) {
    if (seen.asked) return std::nullopt;
    d.ask_api = true;
    return d;
  }
  d.look_again = kLookAtLeaving;
  if (!seen.driver->deleting) return d;
  const std::string why = fmt::format("driver pod {} of the attempt before to be gone{}", seen.driver->name,
                                      seen.driver->node.empty() ? "" : " from node " + seen.driver->node);
  // An edited one would begin anew at once, and wait again.
  const bool may_fail = app.status.state != State::Suspending && !is_edited(app);
  if (const auto end = patience_with(app, *seen.driver); end && may_fail) {
    if (now >= *end) return waited_in_vain(app, now, why);
    d.look_again = std::min(kLookAtLeaving, *end - now);
  }
  if (app.status.error_message == "waiting for " + why) return d;
  d.status = app.status;
  d.status->error_message = "waiting for " + why;
  return d;
}

Decision begin_when_alone(const Application& app, const Observed& seen, Time now, const std::string& fresh_id,
                          const Settings& settings) {
  if (auto waiting = wait_for_driver_to_go(app, seen, now, settings)) return *std::move(waiting);
  return begin_attempt(app, now, fresh_id);
}

Decision suspending(const Application& app, const Observed& seen, Time now, const Settings& settings) {
  if (auto waiting = wait_for_driver_to_go(app, seen, now, settings)) return *std::move(waiting);
  Decision d = take_down(app, seen, settings);
  d.status = app.status;
  remember_attempt(*d.status, app.extras.attempt_history);
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

Decision follow(const Application& app, const Observed& seen, Time now, const Settings& settings) {
  Decision d;
  Status next = app.status;
  const DriverPod& driver = *seen.driver;
  DriverView is = view(driver);
  Deadline limit;
  if (!has_ended(is.state)) limit = deadline(app, is.state, seen, now);
  if (!limit.missed.empty())
    is = {State::Failing,
          warning("SparkApplicationTimedOut", fmt::format("SparkApplication {}: {}", app.name, limit.missed))};
  if (!driver.app_id.empty()) next.spark_application_id = driver.app_id;
  if (has_ended(is.state) && !next.termination_time) next.termination_time = now;
  if (is.state == State::Failing) next.error_message = limit.missed.empty() ? reason_of_failure(driver) : limit.missed;
  if (is.state != app.status.state) d.events.push_back(is.event);
  next.state = is.state;
  if (!has_ended(is.state)) tell_trouble(next, driver, d.events);
  see_executors(next, app, seen, settings, d.events);
  if (next != app.status) d.status = std::move(next);
  if (limit.missed.empty() && limit.next) d.look_again = *limit.next - now;
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
  see_executors(next, app, seen, settings, d.events);
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
  see_executors(next, app, seen, settings, d.events);
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
  see_executors(next, app, seen, settings, d.events);
  if (next != app.status) d.status = std::move(next);
  return d;
}

Status as_it_counts(const Application& app) {
  Status out = app.status;
  if (lasted(app)) out.execution_attempts = out.submission_attempts = 1;
  return out;
}

bool is_retried(const Application& app) {
  const bool own_fault = app.status.state == State::Failing && app.extras.restart_on_infrastructure &&
                         app.restart.type == RestartPolicy::Type::OnFailure &&
                         !is_of_infrastructure(app.status.error_message);
  return !own_fault && is_retried(app.restart, as_it_counts(app));
}

Decision end_or_rerun(const Application& app, const Observed& seen, State end_state, Time now,
                      const Settings& settings) {
  if (!is_retried(app)) return end(app, seen, end_state, now, settings);
  const Time due = retry_due(app.restart, as_it_counts(app));
  if (now >= due) return to_rerun(app, take_down(app, seen, settings));
  Decision d = follow_rest(app, seen, settings);
  d.look_again = due - now;
  return d;
}

// A driver that has not ended, as one that took too long, must not go on.
Decision fail(const Application& app, const Observed& seen, Time now, const Settings& settings) {
  Decision d = end_or_rerun(app, seen, State::Failed, now, settings);
  if (!seen.driver || seen.driver->deleting || has_ended(view(*seen.driver).state)) return d;
  const Removal driver = removal_of(*seen.driver);
  if (std::ranges::find(d.remove, driver) == d.remove.end()) d.remove.push_back(driver);
  return d;
}

// What was made of it goes only now that status says that it failed: an attempt that had not failed, and whose driver
// was gone, would be given another driver.
Decision unmake(const Application& app, const Observed& seen, Time now, const Settings& settings) {
  Decision d = end_or_rerun(app, seen, State::Failed, now, settings);
  if (d.status && d.status->state == State::PendingRerun) return d;
  Decision down = take_down(app, seen, settings);
  d.remove.insert(d.remove.end(), down.remove.begin(), down.remove.end());
  if (!d.look_again) d.take_back = std::move(down.take_back);
  return d;
}

// What an ended application is not to keep. The driver goes last: while it is there, all may be.
void let_go(Decision& d, const Application& app, const Observed& seen, Time now) {
  if (!seen.driver || seen.driver->deleting || !app.status.termination_time) return;
  const Extras& extras = app.extras;
  const bool keep =
      extras.retain == Retain::Always || (extras.retain == Retain::OnFailure && app.status.state == State::Failed);
  if (keep && !extras.retain_for) return;
  const Time until = *app.status.termination_time + (keep ? *extras.retain_for : Duration(0));
  if (now < until) {
    d.look_again = until - now;
    return;
  }
  d.remove = left_over(app, seen);
  std::ranges::reverse(d.remove);
}

Decision ended(const Application& app, const Observed& seen, Time now, const Settings& settings) {
  Decision d = follow_rest(app, seen, settings);
  let_go(d, app, seen, now);
  const auto seconds = app.time_to_live ? app.time_to_live : settings.default_time_to_live;
  if (!seconds || !app.status.termination_time) return d;
  const Time until =
      *app.status.termination_time + std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, kCentury));
  if (now < until)
    d.look_again = std::min(d.look_again.value_or(until - now), until - now);
  else
    d = {.remove_application = true};
  return d;
}

// The rest of what was made goes with its owners; only the driver would go on working, and make executors.
Decision clean_up(const Observed& seen) {
  Decision d;
  if (seen.driver) d.remove = {removal_of(*seen.driver)};
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
    case State::SubmissionFailed: return is_retried(app);
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
    case State::Failing: return fail(app, seen, now, settings);
    case State::SubmissionFailed: return unmake(app, seen, now, settings);
    case State::Completed:
    case State::Failed: return ended(app, seen, now, settings);
    case State::Invalidating: return to_rerun(app, take_down(app, seen, settings));
    case State::Suspending: return suspending(app, seen, now, settings);
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

Decision held_up(const Application& app, const std::string& why, Time now, Duration patience) {
  const auto since = app.status.last_submission_attempt_time;
  if (!since || now >= *since + patience) return refused(app, why);
  Decision d;
  d.look_again = kLookAtObstacle;
  if (app.status.error_message != why) {
    d.status = app.status;
    d.status->error_message = why;
  }
  return d;
}

Decision refused(const Application& app, const std::string& why) { return submission_failed(app, app.status, why); }

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
