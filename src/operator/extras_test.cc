#include "operator/extras.h"

#include <gtest/gtest.h>

#include "data/yaml.h"
#include "operator/test_application.h"

namespace spoke::op {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Extras extras(const std::string& annotations) {
  return read_extras(yaml::parse("{metadata: {annotations: {" + annotations + "}}}"));
}

Application asking(State state, const std::string& annotations) {
  Application app = application(state);
  app.extras = extras(annotations);
  EXPECT_FALSE(app.extras.wrong) << app.extras.wrong->what();
  return app;
}

DriverPod pending(std::string trouble = "") {
  DriverPod pod = driver("Pending");
  pod.trouble = std::move(trouble);
  return pod;
}

ExecutorPod pending_executor(int id, Time created) {
  ExecutorPod pod = executor(id, "Pending");
  pod.created = created;
  pod.trouble = "Unschedulable: 0/3 nodes";
  return pod;
}

const Removal kDriver{"v1", "Pod", "pi-driver", "pod-uid"};

bool removes_driver(const Decision& d) { return std::ranges::find(d.remove, kDriver) != d.remove.end(); }

TEST(Extras, AreReadFromAnnotations) {
  const Extras all = extras(
      "spoke.dev/submission-timeout: 5m, spoke.dev/driver-start-timeout: 90s, spoke.dev/executor-start-timeout: 10m, "
      "spoke.dev/run-timeout: 6h, spoke.dev/restart-on: infrastructure, spoke.dev/reset-restarts-after: 1h30m, "
      "spoke.dev/attempt-history: '3', spoke.dev/executor-summary: 'true', spoke.dev/retain: OnFailure, "
      "spoke.dev/retain-for: 24h, other/run-timeout: x");
  EXPECT_EQ(minutes(5), all.submission_timeout);
  EXPECT_EQ(seconds(90), all.driver_start_timeout);
  EXPECT_EQ(minutes(10), all.executor_start_timeout);
  EXPECT_EQ(hours(6), all.run_timeout);
  EXPECT_TRUE(all.restart_on_infrastructure);
  EXPECT_EQ(minutes(90), all.reset_restarts_after);
  EXPECT_EQ(3, all.attempt_history);
  EXPECT_TRUE(all.executor_summary);
  EXPECT_EQ(Retain::OnFailure, all.retain);
  EXPECT_EQ(hours(24), all.retain_for);
  EXPECT_FALSE(all.wrong);
  EXPECT_TRUE(all.unknown.empty());
}

TEST(Extras, WhatMakesNoSenseIsNamed) {
  const auto wrong = [](const std::string& annotation) {
    const Extras read = extras(annotation);
    return read.wrong ? std::string(read.wrong->what()) : "";
  };
  EXPECT_EQ("metadata.annotations[spoke.dev/run-timeout]: is \"soon\", must be a duration, as 90s or 1h30m",
            wrong("spoke.dev/run-timeout: soon"));
  for (const auto* annotation :
       {"spoke.dev/run-timeout: -5m", "spoke.dev/run-timeout: 5", "spoke.dev/retain: never",
        "spoke.dev/attempt-history: '101'", "spoke.dev/attempt-history: '-1'", "spoke.dev/attempt-history: many",
        "spoke.dev/executor-summary: 'yes'", "spoke.dev/restart-on: all"})
    EXPECT_NE("", wrong(annotation)) << annotation;
  EXPECT_EQ((std::vector<std::string>{"spoke.dev/run-timeouts"}), extras("spoke.dev/run-timeouts: 5m").unknown);
}

TEST(Extras, ASubmissionWithAWrongOneFailsWithItsName) {
  Application app = application(State::New);
  app.extras = extras("spoke.dev/retain: sometimes");
  const Decision d = decide(app, {}, kNow, kFresh);
  EXPECT_EQ(State::SubmissionFailed, d.status->state);
  EXPECT_NE(std::string::npos, d.status->error_message.find("spoke.dev/retain")) << d.status->error_message;
}

TEST(Extras, SurviveTheCache) {
  const kube::Object document = yaml::parse(
      "{metadata: {name: pi, namespace: jobs, annotations: {spoke.dev/run-timeout: 5m, note: long}}, spec: {type: "
      "Java}}");
  const kube::Object kept = project_application(document);
  EXPECT_EQ(minutes(5), read_application(kept).extras.run_timeout);
  EXPECT_EQ(nullptr, json::find(kept, "metadata.annotations.note"));
}

// What a pending driver waits for.

TEST(Trouble, OfADriverIsToldAtOnceAndOnce) {
  Application app = application(State::Submitted);
  const std::string told = "driver pi-driver is pending: Unschedulable: 0/3 nodes are available";
  const Decision first = decide(app, {.driver = pending("Unschedulable: 0/3 nodes are available")}, kNow, kFresh);
  EXPECT_EQ(State::Submitted, first.status->state);
  EXPECT_EQ(told, first.status->error_message);
  EXPECT_EQ((Event{true, "SparkDriverPending", told}), first.events.at(0));

  app.status = *first.status;
  EXPECT_FALSE(decide(app, {.driver = pending("Unschedulable: 0/4 nodes are available")}, kNow, kFresh).status);
  const Decision other = decide(app, {.driver = pending("ErrImagePull: not found")}, kNow, kFresh);
  EXPECT_EQ("driver pi-driver is pending: ErrImagePull: not found", other.status->error_message);
  app.status = *other.status;
  EXPECT_FALSE(decide(app, {.driver = pending("ImagePullBackOff: Back-off")}, kNow, kFresh).status) << "it is the same";
  EXPECT_EQ("", decide(app, {.driver = pending()}, kNow, kFresh).status->error_message);
  EXPECT_EQ("", decide(app, {.driver = driver("Running")}, kNow, kFresh).status->error_message);
}

// Timeouts.

TEST(Timeouts, OfTheDriversStart) {
  const Application app = asking(State::Submitted, "spoke.dev/driver-start-timeout: 90s");
  const Observed waits{.driver = pending()};
  EXPECT_EQ(seconds(30), decide(app, waits, kNow, kFresh).look_again) << "it was submitted 60 s ago";
  const Decision d = decide(app, {.driver = pending("ErrImagePull: no")}, kNow + seconds(30), kFresh);
  EXPECT_EQ(State::Failing, d.status->state);
  EXPECT_EQ("the driver did not start within 90s: ErrImagePull: no", d.status->error_message);
  EXPECT_EQ(kNow + seconds(30), d.status->termination_time);
  EXPECT_EQ(Reasons{"SparkApplicationTimedOut"}, reasons(d));
  EXPECT_FALSE(decide(app, {.driver = driver("Running")}, kNow + hours(1), kFresh).look_again) << "it has started";
}

TEST(Timeouts, OfTheWholeRun) {
  const Application app = asking(State::Running, "spoke.dev/run-timeout: 6h");
  const Observed runs{.driver = driver("Running")};
  const Time end = kNow - seconds(60) + hours(6);
  EXPECT_EQ(end - kNow, decide(app, runs, kNow, kFresh).look_again);
  EXPECT_EQ(State::Running, next_state(app, decide(app, runs, end - seconds(1), kFresh)));
  EXPECT_EQ("the run did not end within 6h", decide(app, runs, end, kFresh).status->error_message);
  const Observed ended{.driver = driver("Succeeded")};
  EXPECT_EQ(State::Succeeding, next_state(app, decide(app, ended, end, kFresh))) << "it was in time";
}

TEST(Timeouts, OfExecutorsCountFromTheirOwnCreation) {
  const Application app = asking(State::Running, "spoke.dev/executor-start-timeout: 5m");
  const Observed none{.driver = driver("Running")};
  EXPECT_FALSE(decide(app, none, kNow, kFresh).look_again) << "dynamic allocation may ask for none";
  const Observed waits{.driver = driver("Running"),
                       .executors = {pending_executor(2, kNow), pending_executor(1, kNow - minutes(4))}};
  EXPECT_EQ(minutes(1), decide(app, waits, kNow, kFresh).look_again);
  EXPECT_EQ("no executor runs: pi-exec-1 did not start within 5m: Unschedulable: 0/3 nodes",
            decide(app, waits, kNow + minutes(1), kFresh).status->error_message);
  const Observed some{.driver = driver("Running"), .executors = {executor(3, "Running"), waits.executors[1]}};
  EXPECT_EQ(State::Running, next_state(app, decide(app, some, kNow + minutes(1), kFresh)));
}

TEST(Timeouts, ADriverThatTookTooLongIsDeletedAndNotAnEndedOne) {
  Application app = application(State::Failing);
  const Decision over = decide(app, {.driver = driver("Running")}, kNow, kFresh);
  EXPECT_EQ(State::Failed, over.status->state);
  EXPECT_TRUE(removes_driver(over));
  EXPECT_FALSE(removes_driver(decide(app, {.driver = driver("Failed", Terminated{1, "Error"})}, kNow, kFresh)));
  app.restart = {.type = RestartPolicy::Type::OnFailure, .failure_retries = 1, .failure_interval = 3600};
  const Decision waits = decide(app, {.driver = driver("Pending")}, kNow, kFresh);
  EXPECT_FALSE(waits.status);
  EXPECT_TRUE(removes_driver(waits));
}

TEST(Timeouts, AnAttemptDoesNotWaitForEverForTheDriverBefore) {
  Application app = asking(State::PendingRerun, "spoke.dev/submission-timeout: 2m");
  DriverPod leaving = driver("Running");
  leaving.deleting = kNow;
  leaving.node = "n1";
  const Decision waits = decide(app, {.driver = leaving}, kNow + seconds(118), kFresh);
  EXPECT_EQ(State::PendingRerun, waits.status->state);
  EXPECT_EQ(seconds(2), waits.look_again);
  const Decision over = decide(app, {.driver = leaving}, kNow + minutes(2), kFresh);
  EXPECT_EQ(State::SubmissionFailed, over.status->state);
  EXPECT_NE(std::string::npos,
            over.status->error_message.find("pi-driver of the attempt before to be gone from node n1"))
      << over.status->error_message;
  EXPECT_EQ(2, over.status->submission_attempts) << "or it would be tried again at once, for ever";
  EXPECT_EQ(kNow + minutes(2), over.status->last_submission_attempt_time);
  Application edited = app;
  edited.fingerprint = "another";
  EXPECT_EQ(State::PendingRerun, next_state(edited, decide(edited, {.driver = leaving}, kNow + hours(1), kFresh)))
      << "or it would begin anew for ever";
  app.status.state = State::Suspending;
  EXPECT_EQ(State::Suspending, next_state(app, decide(app, {.driver = leaving}, kNow + hours(1), kFresh)));
}

// Restarts.

// What comes of a running application whose driver is as that, at the end of its attempt; and, since an operator may be
// killed in between, when the pod is gone meanwhile.
State after_failure(const Application& running, const Observed& seen, Time now) {
  Application app = running;
  app.status = *decide(app, seen, now, kFresh).status;
  EXPECT_EQ(State::Failing, app.status.state);
  const State next = next_state(app, decide(app, seen, now, kFresh));
  EXPECT_EQ(next, next_state(app, decide(app, {}, now, kFresh))) << app.status.error_message;
  return next;
}

TEST(Restarts, OnInfrastructureFailuresAlone) {
  Application app =
      asking(State::Running,
             "spoke.dev/restart-on: infrastructure, spoke.dev/driver-start-timeout: 10m, spoke.dev/run-timeout: 1h");
  app.restart = {.type = RestartPolicy::Type::OnFailure, .failure_retries = 3, .failure_interval = 0};
  const auto next = [&app](std::optional<DriverPod> pod, Duration after = Duration(0)) {
    return after_failure(app, {.driver = std::move(pod), .asked = true}, kNow + after);
  };
  EXPECT_EQ(State::Failed, next(driver("Failed", Terminated{1, "Error"})));
  EXPECT_EQ(State::Failed, next(driver("Failed", Terminated{137, "OOMKilled"})));
  EXPECT_EQ(State::Failed, next(driver("Running"), hours(1))) << "it took too long by itself";
  EXPECT_EQ(State::PendingRerun, next(std::nullopt)) << "it was deleted by force";
  EXPECT_EQ(State::PendingRerun, next(driver("Failed"))) << "evicted: its container has no status";
  EXPECT_EQ(State::PendingRerun, next(driver("Failed", Terminated{137, "ContainerStatusUnknown"})));
  EXPECT_EQ(State::PendingRerun, next(driver("Pending"), minutes(10))) << "it never started";
  DriverPod preempted = driver("Failed", Terminated{143, "Error"});
  preempted.disrupted = true;
  EXPECT_EQ(State::PendingRerun, next(preempted));
  DriverPod deleted = driver("Failed", Terminated{143, "Error"});
  deleted.deleting = kNow;
  EXPECT_EQ(State::PendingRerun, next(deleted));
  app.restart.type = RestartPolicy::Type::Always;
  EXPECT_EQ(State::PendingRerun, next(driver("Failed", Terminated{1, "Error"}))) << "Always is always";
}

TEST(Restarts, CountAnewAfterAHealthyTime) {
  Application app = asking(State::Failing, "spoke.dev/reset-restarts-after: 1h");
  app.restart = {.type = RestartPolicy::Type::OnFailure, .failure_retries = 2, .failure_interval = 10};
  app.status.execution_attempts = app.status.submission_attempts = 3;
  app.status.last_submission_attempt_time = kNow - minutes(59);
  const Observed failed{.driver = driver("Failed", Terminated{1, "Error"})};
  EXPECT_EQ(State::Failed, next_state(app, decide(app, failed, kNow, kFresh)));
  app.status.last_submission_attempt_time = kNow - hours(1);
  const Decision again = decide(app, failed, kNow, kFresh);
  EXPECT_EQ(State::PendingRerun, next_state(app, again));
  EXPECT_EQ(0, again.status->execution_attempts);
  EXPECT_EQ(0, again.status->submission_attempts);
}

// Status.

TEST(Attempts, AreRememberedAsManyAsAreAskedFor) {
  Application app = asking(State::Failing, "spoke.dev/attempt-history: '2'");
  app.restart = {.type = RestartPolicy::Type::OnFailure, .failure_retries = 9, .failure_interval = 0};
  app.status.error_message = "driver container failed";
  for (int i = 0; i < 3; ++i) {
    app.status.state = State::Failing;
    app.status.submission_id =
        with_fingerprint(fmt::format("{}b9d1c9e-5a51-4f6e-9a3b-000000000000", i), app.fingerprint);
    app.status.spark_application_id = fmt::format("spark-{}", i);
    app.status = *decide(app, {.asked = true}, kNow, kFresh).status;
    ASSERT_EQ(State::PendingRerun, app.status.state);
    app.status.error_message = "driver container failed";
  }
  ASSERT_EQ(2u, app.status.attempts.size());
  const Attempt& last = app.status.attempts.back();
  EXPECT_EQ("spark-2", last.spark_application_id);
  EXPECT_EQ("FAILED", last.state);
  EXPECT_EQ(app.status.submission_id, last.submission_id);
  EXPECT_EQ("driver container failed", last.error_message);
  EXPECT_TRUE(last.submission_time);
  EXPECT_EQ("spark-1", app.status.attempts.front().spark_application_id);
  const json::value document = json::object{{"status", to_json(app.status)}};
  EXPECT_EQ(app.status.attempts, read_status(document).attempts);

  const Application begun = [&app] {
    Application next = app;
    next.status = *decide(app, {.asked = true}, kNow, kFresh).status;
    return next;
  }();
  EXPECT_EQ(2u, begun.status.attempts.size()) << "the next one keeps them";
}

TEST(Attempts, AreThoseThatWereAndOnce) {
  Application never = asking(State::New, "spoke.dev/attempt-history: '5'");
  never.status.state = State::Suspending;
  EXPECT_TRUE(decide(never, {.asked = true}, kNow, kFresh).status->attempts.empty()) << "it was created suspended";

  Application app = asking(State::Failing, "spoke.dev/attempt-history: '5'");
  app.restart = {.type = RestartPolicy::Type::OnFailure, .failure_retries = 9, .failure_interval = 0};
  app.status.error_message = std::string(100'000, 'x');
  app.status = *decide(app, {.asked = true}, kNow, kFresh).status;
  app.status.state = State::Suspending;
  app.status = *decide(app, {.asked = true}, kNow, kFresh).status;
  ASSERT_EQ(1u, app.status.attempts.size());
  EXPECT_EQ("FAILED", app.status.attempts[0].state);
  EXPECT_LT(app.status.attempts[0].error_message.size(), 1000u);
}

TEST(ExecutorSummary, StaysSmall) {
  Application app = asking(State::Running, "spoke.dev/executor-summary: 'true'");
  app.status.executor_state = {{"pi-exec-1", "RUNNING"}};
  Observed seen{.driver = driver("Running")};
  for (int i = 1; i <= 10'000; ++i) seen.executors.push_back(executor(i, i <= 7'000 ? "Running" : "Pending"));
  const Decision d = decide(app, seen, kNow, kFresh);
  EXPECT_TRUE(d.status->executor_state.empty());
  EXPECT_EQ((std::map<std::string, int>{{"PENDING", 3'000}, {"RUNNING", 7'000}}), d.status->executor_summary);
  EXPECT_TRUE(d.events.empty());
  EXPECT_EQ(d.status->executor_summary, read_status(json::object{{"status", to_json(*d.status)}}).executor_summary);
  app.status = *d.status;
  app.extras = {};
  EXPECT_TRUE(decide(app, seen, kNow, kFresh).status->executor_summary.empty()) << "asked for no more";
}

// What an ended application keeps.

TEST(Retention, OfDriverAndService) {
  const Removal service{"v1", "Service", "pi-ui-svc", ""};
  const auto removed = [&](State state, const std::string& annotations, Duration after) {
    const Decision d = decide(asking(state, annotations), {.driver = driver("Succeeded")}, kNow + after, kFresh);
    EXPECT_FALSE(d.status);
    if (!d.remove.empty()) EXPECT_EQ((std::vector<Removal>{service, kDriver}), d.remove) << "the driver last";
    return !d.remove.empty();
  };
  EXPECT_FALSE(removed(State::Completed, "", hours(10'000)));
  EXPECT_TRUE(removed(State::Completed, "spoke.dev/retain: Never", seconds(0)));
  EXPECT_TRUE(removed(State::Failed, "spoke.dev/retain: Never", seconds(0)));
  EXPECT_TRUE(removed(State::Completed, "spoke.dev/retain: OnFailure", seconds(0)));
  EXPECT_FALSE(removed(State::Failed, "spoke.dev/retain: OnFailure", hours(10'000)));
  EXPECT_FALSE(removed(State::Failed, "spoke.dev/retain: OnFailure, spoke.dev/retain-for: 1h", minutes(59)));
  EXPECT_TRUE(removed(State::Failed, "spoke.dev/retain: OnFailure, spoke.dev/retain-for: 1h", minutes(60)));
  EXPECT_FALSE(removed(State::Completed, "spoke.dev/retain-for: 1h", minutes(59)));
  EXPECT_EQ(minutes(1), decide(asking(State::Completed, "spoke.dev/retain-for: 1h"), {.driver = driver("Succeeded")},
                               kNow + minutes(59), kFresh)
                            .look_again);
  EXPECT_TRUE(decide(asking(State::Completed, "spoke.dev/retain: Never"), {}, kNow, kFresh).remove.empty());
}

}  // namespace
}  // namespace spoke::op
