#include "operator/decide.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "base/files.h"
#include "operator/drivers.h"
#include "operator/ids.h"
#include "operator/labels.h"
#include "operator/states.h"
#include "operator/test_application.h"

namespace spoke::op {
namespace {

// An attempt has an id, and its objects are not there, or not known to be.
Application begun(State state) {
  Application app = application(state);
  app.status = *decide(app, {.asked = true}, kNow, kFresh).status;
  return app;
}

Application edited(Application app) {
  json::set(app.spec, "sparkVersion", "4.1.5");
  app.fingerprint = fingerprint(app.spec);
  return app;
}

Application suspended(Application app) {
  app.suspend = true;
  return app;
}

Application retried(Application app) {
  app.restart.type = RestartPolicy::Type::Always;
  return app;
}

// Every state with every observation of the driver.

struct Sight {
  const char* name;
  std::optional<DriverPod> driver;
  bool asked = false;
};

const Terminated kWell{0, "Completed"};
const Terminated kIll{1, "Error"};

const std::vector<Sight> kSights{
    {"no driver in the cache", std::nullopt, false},
    {"no driver in the API", std::nullopt, true},
    {"driver pending", driver("Pending")},
    {"driver without a phase", driver("")},
    {"driver running", driver("Running")},
    {"driver container ended well, sidecars run", driver("Running", kWell)},
    {"driver container ended ill, sidecars run", driver("Running", kIll)},
    {"driver succeeded", driver("Succeeded", kWell)},
    {"driver failed", driver("Failed", kIll)},
    {"driver container ended well, a sidecar failed", driver("Failed", kWell)},
    {"driver of an unknown phase", driver("Unknown")},
};

struct Row {
  State state;
  // One for each of kSights.
  std::vector<State> next;
};

constexpr State N = State::New, S = State::Submitted, R = State::Running, U = State::Succeeding, C = State::Completed,
                F = State::Failing, X = State::Failed, B = State::SubmissionFailed, K = State::Unknown;

constexpr State P = State::PendingRerun, I = State::Invalidating, Z = State::Suspended, Q = State::Suspending,
                M = State::Resuming;

const std::vector<Row> kRows{
    // The driver says how an application that has been submitted stands.
    {S, {S, F, S, S, R, U, F, U, F, U, K}},
    {R, {R, F, S, S, R, U, F, U, F, U, K}},
    {K, {K, F, S, S, R, U, F, U, F, U, K}},
    // These have been decided, and the driver is not asked any more.
    {N, std::vector<State>(11, N)},
    {U, std::vector<State>(11, C)},
    {F, std::vector<State>(11, X)},
    {B, std::vector<State>(11, X)},
    {C, std::vector<State>(11, C)},
    {X, std::vector<State>(11, X)},
    {I, std::vector<State>(11, P)},
    {P, std::vector<State>(11, P)},
    {Z, std::vector<State>(11, M)},
    {M, std::vector<State>(11, M)},
    // Suspended when the driver is gone for sure.
    {Q, {Q, Z, Q, Q, Q, Q, Q, Q, Q, Q, Q}},
};

Observed observed(const Sight& sight) { return {.driver = sight.driver, .asked = sight.asked}; }

TEST(Decide, EveryStateWithEverySightOfTheDriver) {
  ASSERT_EQ(14u, kRows.size()) << "a state is missing";
  for (const auto& row : kRows)
    for (size_t i = 0; i < kSights.size(); ++i) {
      SCOPED_TRACE(fmt::format("{}: {}", word_of(row.state), kSights[i].name));
      const Application app = application(row.state);
      const Decision d = decide(app, observed(kSights[i]), kNow, kFresh);
      EXPECT_EQ(word_of(row.next[i]), word_of(next_state(app, d)));
      EXPECT_FALSE(d.create || d.take_back || d.remove_application);
      const bool alive = kSights[i].driver && !has_ended(view(*kSights[i].driver).state);
      const bool leaves = row.state == I || row.state == P || row.state == M || row.state == Q || row.state == B ||
                          (row.state == F && alive);
      const Removal pod{"v1", "Pod", "pi-driver", "pod-uid"};
      EXPECT_EQ(leaves && kSights[i].driver, std::ranges::find(d.remove, pod) != d.remove.end());
      EXPECT_TRUE(leaves || d.remove.empty());
    }
}

// Every state under what a user has asked for meanwhile. The driver runs, but where it must be gone.

struct Wish {
  State state;
  State suspended, edited, retried, suspended_and_retried;
};

const std::vector<Wish> kWishes{
    {N, Q, N, N, Q}, {S, Q, I, R, Q}, {R, Q, I, R, Q}, {K, Q, I, R, Q}, {U, C, I, P, Q},
    {F, X, I, P, Q}, {B, X, I, P, Q}, {C, C, I, C, C}, {X, X, I, X, X}, {I, P, P, P, P},
    {P, Q, P, P, Q}, {Z, Z, M, M, Z}, {M, Q, M, M, Q}, {Q, Q, Q, Q, Q},
};

TEST(Decide, EveryStateWithEveryWish) {
  ASSERT_EQ(14u, kWishes.size()) << "a state is missing";
  const auto next = [](const Application& app) {
    return word_of(next_state(app, decide(app, {.driver = driver("Running")}, kNow, kFresh)));
  };
  for (const auto& row : kWishes) {
    SCOPED_TRACE(word_of(row.state));
    const Application app = application(row.state);
    EXPECT_EQ(word_of(row.suspended), next(suspended(app)));
    EXPECT_EQ(word_of(row.edited), next(edited(app)));
    EXPECT_EQ(word_of(row.retried), next(retried(app)));
    EXPECT_EQ(word_of(row.suspended_and_retried), next(suspended(retried(app))));
  }
}

TEST(Decide, AnAttemptThatHasBegunIsMade) {
  for (const State state : {N, P, M}) {
    const Application app = begun(state);
    EXPECT_EQ(state, app.status.state);
    EXPECT_TRUE(decide(app, {}, kNow, kFresh).create);
    EXPECT_EQ(Q, next_state(app, decide(suspended(app), {}, kNow, kFresh)));
    EXPECT_EQ(I, next_state(app, decide(edited(app), {}, kNow, kFresh)));
  }
}

// The table of transitions, and hence the documentation, says what decide() does, and all of it.
TEST(States, AreThoseOfTheTable) {
  std::set<std::pair<State, State>> table, done;
  for (const auto& t : transitions()) EXPECT_TRUE(table.insert({t.from, t.to}).second) << word_of(t.from);
  for (const auto& row : kRows) {
    std::vector<Application> all{application(row.state)};
    if (row.state == N || row.state == P || row.state == M) all.push_back(begun(row.state));
    for (const auto& plain : all)
      for (const auto& app : {plain, suspended(plain), edited(plain), retried(plain), suspended(retried(plain))})
        for (const auto& sight : kSights) {
          const Decision d = decide(app, observed(sight), kNow, kFresh);
          if (d.create) {
            done.insert({row.state, next_state(app, created(app, *d.create))});
            done.insert({row.state, next_state(app, refused(app, "no"))});
          }
          if (const State to = next_state(app, d); to != row.state) done.insert({row.state, to});
        }
  }
  for (const auto& [from, to] : done)
    EXPECT_TRUE(table.contains({from, to})) << "not in the table: " << word_of(from) << " to " << word_of(to);
  for (const auto& [from, to] : table)
    EXPECT_TRUE(done.contains({from, to})) << "never done: " << word_of(from) << " to " << word_of(to);
}

TEST(States, AreDocumented) {
  const Path page = Path(SPOKE_SOURCE_DIR) / "docs/application-states.md";
  if (std::getenv("SPOKE_WRITE_GOLDENS") != nullptr) write_file(page, states_page());
  EXPECT_EQ(read_file(page), states_page()) << "SPOKE_WRITE_GOLDENS=1 build/operator_test writes it";
}

TEST(Decide, AStateThatStaysIsNotWrittenAgain) {
  Application app = application(State::Running);
  app.status.spark_application_id = "spark-1";
  const Decision d = decide(app, {.driver = driver("Running")}, kNow, kFresh);
  EXPECT_FALSE(d.status);
  EXPECT_TRUE(d.events.empty());
  EXPECT_FALSE(d.look_again);
}

// The beginning.

TEST(Decide, AnIdIsWrittenBeforeAnythingIsMade) {
  const Decision d = decide(application(State::New), {}, kNow, kFresh);
  ASSERT_TRUE(d.status);
  EXPECT_FALSE(d.create);
  EXPECT_EQ(State::New, d.status->state);
  EXPECT_EQ(with_fingerprint(kFresh, application(State::New).fingerprint), d.status->submission_id);
  EXPECT_EQ(kNow, d.status->last_submission_attempt_time);
  EXPECT_EQ(1, d.status->submission_attempts);
  EXPECT_EQ(0, d.status->execution_attempts);
  EXPECT_EQ("pi-driver", d.status->driver.pod_name);
  EXPECT_EQ((Event{false, "SparkApplicationAdded", "SparkApplication pi was added, enqueuing it for submission"}),
            d.events.at(0));
}

TEST(Decide, WithAnIdTheAttemptIsMadeAndEachTimeTheSame) {
  Application app = application(State::New);
  app.status = *decide(app, {}, kNow, kFresh).status;
  const Decision first = decide(app, {}, kNow, "another");
  const Decision again = decide(app, {}, kNow + std::chrono::hours(1), "yet another");
  ASSERT_TRUE(first.create && again.create);
  EXPECT_FALSE(first.status);
  EXPECT_EQ(first.create->pod, again.create->pod);
  EXPECT_EQ(first.create->owned, again.create->owned);
  EXPECT_EQ(app.status.submission_id, kube::label(first.create->pod, label::submission_id));
  EXPECT_EQ("app-uid", json::str(*kube::controller_of(first.create->pod), "uid"));
}

TEST(Decide, AnotherAttemptHasOtherNames) {
  Application app = application(State::New);
  app.status = *decide(app, {}, kNow, kFresh).status;
  const Plan one = plan(app);
  app.status.submission_id = "00000000-0000-4000-8000-000000000001";
  const Plan other = plan(app);
  EXPECT_NE(one.app_id, other.app_id);
  EXPECT_NE(kube::name(one.owned.back()), kube::name(other.owned.back()));
}

TEST(Decide, WhatIsNotSupportedFailsTheSubmissionByName) {
  Application app = application(State::New);
  json::set(app.spec, "mode", "local");
  const Decision d = decide(app, {}, kNow, kFresh);
  ASSERT_TRUE(d.status);
  EXPECT_EQ(State::SubmissionFailed, d.status->state);
  EXPECT_EQ(1, d.status->submission_attempts);
  EXPECT_TRUE(d.status->error_message.starts_with("spec.mode: ")) << d.status->error_message;
  EXPECT_EQ((Event{true, "SparkApplicationSubmissionFailed",
                   "failed to submit SparkApplication pi: " + d.status->error_message}),
            d.events.at(0));
}

TEST(Decide, WhatSparkRefusesFailsTheSubmission) {
  Application app = application(State::New);
  app.status = *decide(app, {}, kNow, kFresh).status;
  app.spec.as_object()["sparkVersion"] = "1.6";
  app.status.submission_id = with_fingerprint(kFresh, app.fingerprint);
  const Decision d = decide(app, {}, kNow, kFresh);
  ASSERT_TRUE(d.status);
  EXPECT_EQ(State::SubmissionFailed, d.status->state);
  EXPECT_EQ(1, d.status->submission_attempts) << "the same attempt";
}

TEST(Decide, WithoutASpecTheSubmissionFails) {
  Application app = application(State::New);
  app.spec = nullptr;
  EXPECT_EQ(State::SubmissionFailed, decide(app, {}, kNow, kFresh).status->state);
}

// A plan that has been carried out, or not.

TEST(Decide, WhatHasBeenMadeIsSubmitted) {
  Application app = application(State::New);
  app.status = *decide(app, {}, kNow, kFresh).status;
  const Plan made = plan(app);
  const Decision d = created(app, made);
  ASSERT_TRUE(d.status);
  EXPECT_EQ(State::Submitted, d.status->state);
  EXPECT_EQ(1, d.status->execution_attempts);
  EXPECT_EQ(made.app_id, d.status->spark_application_id);
  EXPECT_EQ("pi-ui-svc", d.status->driver.web_ui_service_name);
  EXPECT_EQ(4040, d.status->driver.web_ui_port);
  EXPECT_EQ("", d.status->driver.web_ui_address);
  EXPECT_TRUE(lacks_services(*d.status));
  EXPECT_EQ((Event{false, "SparkApplicationSubmitted", "SparkApplication pi was submitted successfully"}),
            d.events.at(0));
}

TEST(Decide, TheServiceOfTheUiComesWhenThereIsTime) {
  Application app = application(State::Running);
  app.status.driver.web_ui_port = 4040;
  ASSERT_TRUE(lacks_services(app.status));
  const Decision d = served(app, "10.96.0.7");
  EXPECT_EQ("10.96.0.7:4040", d.status->driver.web_ui_address);
  EXPECT_EQ(State::Running, d.status->state);
  EXPECT_FALSE(lacks_services(*d.status));

  const Decision without = unserved(app, "no quota");
  EXPECT_EQ(State::Running, without.status->state) << "no reason to fail";
  EXPECT_EQ((DriverInfo{.pod_name = "pi-driver"}), without.status->driver);
  EXPECT_EQ(Reasons{"SparkApplicationServicesFailed"}, reasons(without));
  EXPECT_FALSE(lacks_services(*without.status));
  EXPECT_FALSE(lacks_services(application(State::Completed).status)) << "nobody looks at it any more";
}

// Killed between the two, an operator would make another driver of an attempt that had one.
TEST(Decide, WhatIsRefusedIsTakenBackWhenStatusSaysSo) {
  Application app = begun(State::New);
  const Decision d = refused(app, "no quota");
  EXPECT_EQ(State::SubmissionFailed, d.status->state);
  EXPECT_EQ("no quota", d.status->error_message);
  EXPECT_TRUE(d.remove.empty());
  EXPECT_FALSE(d.take_back);

  app.status = *d.status;
  const std::vector<Removal> the_driver{{"v1", "Pod", "pi-driver", driver("Pending").uid}};
  const Decision end = decide(app, {.driver = driver("Pending")}, kNow, kFresh);
  EXPECT_EQ(State::Failed, end.status->state);
  EXPECT_EQ(the_driver, end.remove);
  EXPECT_TRUE(end.take_back);

  app.restart = {.type = RestartPolicy::Type::OnFailure, .submission_failure_retries = 1};
  app.restart.submission_failure_interval = 10;
  app.status.last_submission_attempt_time = kNow;
  const Decision waiting = decide(app, {.driver = driver("Pending")}, kNow, kFresh);
  EXPECT_FALSE(waiting.status);
  EXPECT_EQ(the_driver, waiting.remove);
  const Decision again = decide(app, {}, kNow + std::chrono::seconds(10), kFresh);
  EXPECT_EQ(State::PendingRerun, again.status->state);
  EXPECT_TRUE(again.take_back);
}

TEST(Decide, WhatIsInTheWayIsWaitedForUntilPatienceEnds) {
  Application app = application(State::New);
  app.status.last_submission_attempt_time = kNow;
  const auto wait = std::chrono::seconds(30);
  const Decision waiting = held_up(app, "it is there", kNow + std::chrono::seconds(29), wait);
  EXPECT_EQ(State::New, waiting.status->state);
  EXPECT_EQ("it is there", waiting.status->error_message);
  EXPECT_TRUE(waiting.look_again);
  app.status.error_message = "it is there";
  EXPECT_FALSE(held_up(app, "it is there", kNow, wait).status) << "it was told already";
  const Decision over = held_up(app, "it is there", kNow + wait, wait);
  EXPECT_EQ(State::SubmissionFailed, over.status->state);
  EXPECT_EQ("it is there", over.status->error_message);
}

// The driver.

TEST(Decide, TheDriverMayBeMissingForAMomentAfterItsCreation) {
  Application app = application(State::Submitted);
  app.status.last_submission_attempt_time = kNow - std::chrono::seconds(4);
  const Decision d = decide(app, {}, kNow, kFresh);
  EXPECT_FALSE(d.status);
  EXPECT_FALSE(d.ask_api);
  EXPECT_EQ(Duration(std::chrono::seconds(6)), d.look_again);
}

TEST(Decide, NoDriverIsGivenUpOnTheWordOfACache) {
  for (const State state : {State::Submitted, State::Running, State::Unknown}) {
    const Decision d = decide(application(state), {}, kNow, kFresh);
    EXPECT_TRUE(d.ask_api);
    EXPECT_FALSE(d.status);
  }
  const Decision d = decide(application(State::Running), {.asked = true}, kNow, kFresh);
  EXPECT_EQ("driver pod not found", d.status->error_message);
  EXPECT_EQ(kNow, d.status->termination_time);
}

TEST(Decide, ChangesOfTheDriverAreEvents) {
  const auto events = [](State before, const char* phase) {
    return reasons(decide(application(before), {.driver = driver(phase)}, kNow, kFresh));
  };
  EXPECT_EQ(Reasons{"SparkDriverPending"}, events(State::Unknown, "Pending"));
  EXPECT_EQ(Reasons{"SparkDriverRunning"}, events(State::Submitted, "Running"));
  EXPECT_EQ(Reasons{"SparkDriverCompleted"}, events(State::Running, "Succeeded"));
  EXPECT_EQ(Reasons{"SparkDriverFailed"}, events(State::Running, "Failed"));
  EXPECT_EQ(Reasons{"SparkDriverUnknown"}, events(State::Running, "Unknown"));
  EXPECT_EQ(Reasons{}, events(State::Running, "Running"));
}

TEST(Decide, AFailureSaysWhatTheDriverContainerEndedWith) {
  const auto message = [](DriverPod pod) {
    return decide(application(State::Running), {.driver = std::move(pod)}, kNow, kFresh).status->error_message;
  };
  EXPECT_EQ("driver container failed with ExitCode: 137, Reason: OOMKilled",
            message(driver("Failed", {{137, "OOMKilled"}})));
  EXPECT_EQ("driver container status missing", message(driver("Failed")));
  DriverPod evicted = driver("Failed");
  evicted.reason = "Evicted";
  evicted.message = "The node was low on resource: memory.";
  EXPECT_EQ("driver container status missing: Evicted: The node was low on resource: memory.", message(evicted));
}

// The end.

TEST(Decide, TheEndIsAnEvent) {
  EXPECT_EQ((Event{false, "SparkApplicationCompleted", "SparkApplication pi completed"}),
            decide(application(State::Succeeding), {}, kNow, kFresh).events.at(0));
  Application app = application(State::Failing);
  app.status.error_message = "out of luck";
  app.status.termination_time = kNow - std::chrono::seconds(3);
  const Decision d = decide(app, {}, kNow, kFresh);
  EXPECT_EQ((Event{true, "SparkApplicationFailed", "SparkApplication pi failed: out of luck"}), d.events.at(0));
  EXPECT_EQ(app.status.termination_time, d.status->termination_time) << "it ended when the driver did";
}

TEST(Decide, ADeletedApplicationTakesItsDriverAlong) {
  for (const auto& row : kRows) {
    Application app = application(row.state);
    app.deleting = true;
    const Decision d = decide(app, {.driver = driver("Running")}, kNow, kFresh);
    EXPECT_EQ((std::vector<Removal>{{"v1", "Pod", "pi-driver", "pod-uid"}}), d.remove);
    EXPECT_FALSE(d.status || d.create);
    EXPECT_TRUE(decide(app, {}, kNow, kFresh).remove.empty());
  }
}

// Again.

TEST(Decide, AFailureIsRetriedWhenItsIntervalIsOver) {
  Application app = application(State::Failing);
  app.restart = {.type = RestartPolicy::Type::OnFailure, .failure_retries = 2, .failure_interval = 40};
  app.status.submission_attempts = app.status.execution_attempts = 2;
  app.status.error_message = "out of luck";
  const Decision early = decide(app, {.driver = driver("Failed", kIll)}, kNow, kFresh);
  EXPECT_FALSE(early.status);
  EXPECT_TRUE(early.remove.empty()) << "the log of a failed driver can be read until the next attempt";
  EXPECT_EQ(Duration(std::chrono::seconds(20)), early.look_again) << "2 x 40 s after the submission";

  const Decision d = decide(app, {.driver = driver("Failed", kIll)}, kNow + std::chrono::seconds(20), kFresh);
  EXPECT_EQ((std::vector<Removal>{{"v1", "Pod", "pi-driver", "pod-uid"}, {"v1", "Service", "pi-ui-svc", ""}}),
            d.remove);
  EXPECT_EQ((Event{true, "SparkApplicationPendingRerun", "SparkApplication pi is pending rerun"}), d.events.at(0));
  EXPECT_EQ(State::PendingRerun, d.status->state);
  EXPECT_EQ(2, d.status->execution_attempts);
  EXPECT_EQ(DriverInfo{}, d.status->driver);
  EXPECT_EQ("", d.status->error_message + d.status->spark_application_id);
  EXPECT_FALSE(d.status->termination_time);
  EXPECT_EQ(app.status.submission_id, d.status->submission_id) << "by it the driver is seen to go";

  app.status.execution_attempts = 3;
  EXPECT_EQ(State::Failed, next_state(app, decide(app, {}, kNow, kFresh))) << "the first, and two retries";
}

TEST(Decide, ASubmissionIsRetriedByItsOwnCount) {
  Application app = application(State::SubmissionFailed);
  app.restart = {.type = RestartPolicy::Type::OnFailure, .failure_retries = 5};
  EXPECT_EQ(State::Failed, next_state(app, decide(app, {}, kNow, kFresh)));
  app.restart.submission_failure_retries = 1;
  const Decision d = decide(app, {}, kNow, kFresh);
  EXPECT_EQ(State::PendingRerun, next_state(app, d));
  EXPECT_EQ(1, d.status->submission_attempts);
  app.status.submission_attempts = 2;
  EXPECT_EQ(State::Failed, next_state(app, decide(app, {}, kNow, kFresh)));
}

TEST(Decide, NoAttemptBeginsBesideTheDriverOfTheOneBefore) {
  Application app = application(State::PendingRerun);
  DriverPod leaving = driver("Running");
  leaving.deleting = kNow;
  leaving.node = "n1";
  const Decision told = decide(app, {.driver = leaving}, kNow, kFresh);
  EXPECT_TRUE(told.remove.empty()) << "it is on its way";
  EXPECT_EQ("waiting for driver pod pi-driver of the attempt before to be gone from node n1",
            told.status->error_message);
  app.status = *told.status;
  const Decision waiting = decide(app, {.driver = leaving}, kNow, kFresh);
  EXPECT_FALSE(waiting.status) << "it was told already";
  EXPECT_TRUE(waiting.look_again);
  EXPECT_TRUE(decide(app, {}, kNow, kFresh).ask_api) << "a cache is not enough";
  const Decision alone = decide(app, {.asked = true}, kNow, kFresh);
  EXPECT_EQ(2, alone.status->submission_attempts);
  EXPECT_NE(app.status.submission_id, alone.status->submission_id);
  EXPECT_EQ("", alone.status->error_message);
  EXPECT_EQ(State::PendingRerun, alone.status->state);
}

TEST(Decide, AnEditStartsAllOverWithFreshCounts) {
  const Application app = edited(application(State::Failed));
  const Decision d = decide(app, {}, kNow, kFresh);
  EXPECT_EQ(Reasons{"SparkApplicationInvalidating"}, reasons(d));
  Application next = app;
  next.status = *d.status;
  next.status = *decide(next, {}, kNow, kFresh).status;
  EXPECT_EQ(State::PendingRerun, next.status.state);
  EXPECT_EQ(0, next.status.submission_attempts + next.status.execution_attempts);
  next.status = *decide(next, {.asked = true}, kNow, kFresh).status;
  EXPECT_EQ(1, next.status.submission_attempts);
  EXPECT_FALSE(next.status.submission_id.ends_with(application(State::Failed).fingerprint));
  EXPECT_TRUE(decide(next, {.asked = true}, kNow, kFresh).create) << "and the edit is not one any more";
}

TEST(Decide, WhatNeedsNoOtherDriverIsNoEdit) {
  const auto same = [](const char* before, const char* after) {
    return fingerprint(json::parse(before)) == fingerprint(json::parse(after));
  };
  EXPECT_TRUE(same(R"({"a": 1, "b": {"c": 1, "d": 2}})", R"({"b": {"d": 2, "c": 1}, "a": 1})"));
  EXPECT_FALSE(same(R"({"a": 1})", R"({"a": 2})"));
  EXPECT_TRUE(
      same(R"({"a": 1})", R"({"a": 1, "suspend": true, "timeToLiveSeconds": 3, "restartPolicy": {"type": "Always"}})"));
  EXPECT_FALSE(same(R"({"executor": {"instances": 1}})", R"({"executor": {"instances": 2}})"));
  EXPECT_TRUE(same(R"({"executor": {"instances": 1}, "dynamicAllocation": {"enabled": true}})",
                   R"({"executor": {"instances": 2}, "dynamicAllocation": {"enabled": true}})"));
}

TEST(Decide, AnIdOfAnotherOperatorSaysNothingOfTheSpec) {
  Application app = edited(application(State::Running));
  app.status.submission_id = "0b9d1c9e-5a51-4f6e-9a3b-2f1d6f1f7a10";
  EXPECT_EQ(State::Running, next_state(app, decide(app, {.driver = driver("Running")}, kNow, kFresh)));
}

TEST(Decide, WhatWasMadeOfAnAttemptIsTakenBackWhereItIsSuspended) {
  Application app = suspended(begun(State::New));
  app.status = *decide(app, {}, kNow, kFresh).status;
  ASSERT_EQ(State::Suspending, app.status.state);
  const Decision d = decide(app, {.asked = true}, kNow, kFresh);
  ASSERT_TRUE(d.take_back);
  EXPECT_EQ(app.status.submission_id, kube::label(d.take_back->pod, label::submission_id));
  EXPECT_EQ(State::Suspended, d.status->state);
  EXPECT_EQ(Reasons{"SparkApplicationSuspended"}, reasons(d));
  EXPECT_FALSE(decide(suspended(application(State::Suspending)), {.asked = true}, kNow, kFresh).take_back)
      << "what was made goes with its driver";
}

TEST(Decide, AnApplicationGoesWhenItsTimeIsOver) {
  for (const State state : {State::Completed, State::Failed}) {
    Application app = application(state);
    app.time_to_live = 60;
    const Decision d = decide(app, {}, kNow + std::chrono::seconds(59), kFresh);
    EXPECT_FALSE(d.remove_application);
    EXPECT_EQ(Duration(std::chrono::seconds(1)), d.look_again);
    EXPECT_TRUE(decide(app, {}, kNow + std::chrono::seconds(60), kFresh).remove_application);
    app.time_to_live = std::numeric_limits<std::int64_t>::max();
    EXPECT_FALSE(decide(app, {}, kNow + std::chrono::hours(24 * 365), kFresh).remove_application);
    app.time_to_live = -1;
    EXPECT_TRUE(decide(app, {}, kNow, kFresh).remove_application);
  }
  Settings settings;
  settings.default_time_to_live = 60;
  Application silent = application(State::Completed);
  EXPECT_TRUE(decide(silent, {}, kNow + std::chrono::seconds(60), kFresh, settings).remove_application);
  silent.time_to_live = 61;
  EXPECT_FALSE(decide(silent, {}, kNow + std::chrono::seconds(60), kFresh, settings).remove_application);
  Application app = application(State::Running);
  app.time_to_live = 0;
  EXPECT_FALSE(decide(app, {.driver = driver("Running")}, kNow, kFresh).remove_application);
}

// Executors, as decide() brings them into status.

TEST(Decide, ExecutorsComeIntoStatusWithEvents) {
  Application app = application(State::Running);
  app.status.spark_application_id = "spark-1";
  app.status.executor_state = {{"pi-exec-1", "PENDING"}};
  const Decision d = decide(
      app, {.driver = driver("Running"), .executors = {executor(1, "Running"), executor(2, "Pending")}}, kNow, kFresh);
  EXPECT_EQ((std::map<std::string, std::string>{{"pi-exec-1", "RUNNING"}, {"pi-exec-2", "PENDING"}}),
            d.status->executor_state);
  EXPECT_EQ((Reasons{"SparkExecutorRunning", "SparkExecutorPending"}), reasons(d));
}

TEST(Decide, WhereTheApplicationSucceedsExecutorsThatAreGoneHaveCompleted) {
  Application app = application(State::Running);
  app.status.executor_state = {{"pi-exec-1", "RUNNING"}, {"pi-exec-2", "FAILED"}};
  const Decision d = decide(app, {.driver = driver("Succeeded")}, kNow, kFresh);
  EXPECT_EQ((std::map<std::string, std::string>{{"pi-exec-1", "COMPLETED"}, {"pi-exec-2", "FAILED"}}),
            d.status->executor_state);
}

// Whose an object is.

json::value object(const char* kind, json::value owner, const char* submission) {
  json::value out = json::object{{"apiVersion", "v1"}, {"kind", kind}, {"metadata", json::object{{"name", "x"}}}};
  if (!owner.is_null()) json::set(out, "metadata.ownerReferences", json::array{std::move(owner)});
  if (submission != nullptr) json::set(out, "metadata.labels", json::object{{label::submission_id, submission}});
  return out;
}

json::value owner(const char* kind, const char* name, const char* uid) {
  return json::object{{"kind", kind}, {"name", name}, {"uid", uid}, {"controller", true}};
}

TEST(Claim, AnObjectIsOursOnlyWithOurUidAndTheIdOfThisAttempt) {
  Application app = application(State::Submitted);
  const char* id = app.status.submission_id.c_str();
  EXPECT_EQ(Claim::Ours, claim(app, object("Pod", owner("SparkApplication", "pi", "app-uid"), id)));
  EXPECT_EQ(Claim::Leaving, claim(app, object("Pod", owner("SparkApplication", "pi", "app-uid"), "earlier")));
  EXPECT_EQ(Claim::Leaving, claim(app, object("Pod", owner("SparkApplication", "pi", "app-uid"), nullptr)));
  EXPECT_EQ(Claim::Leaving, claim(app, object("Pod", owner("SparkApplication", "pi", "uid of an earlier one"), id)));
  EXPECT_EQ(Claim::Foreign, claim(app, object("Pod", owner("SparkApplication", "pu", "app-uid"), id)));
  EXPECT_EQ(Claim::Foreign, claim(app, object("Pod", owner("ReplicaSet", "pi", "app-uid"), id)));
  EXPECT_EQ(Claim::Foreign, claim(app, object("Pod", nullptr, id)));
}

TEST(Claim, WhatIsBeingDeletedIsLeaving) {
  const Application app = application(State::Submitted);
  json::value pod = object("Pod", nullptr, nullptr);
  json::set(pod, "metadata.deletionTimestamp", "2026-03-01T12:00:00Z");
  EXPECT_EQ(Claim::Leaving, claim(app, pod));
}

TEST(Claim, WhatHasBeenHandedOverToTheDriverIsOurs) {
  const Application app = application(State::Submitted);
  EXPECT_EQ(Claim::Ours, claim(app, object("ConfigMap", owner("Pod", "pi-driver", "any"), nullptr)));
  EXPECT_EQ(Claim::Ours, claim(app, object("ConfigMap", owner("SparkApplication", "pi", "app-uid"), nullptr)));
  EXPECT_EQ(Claim::Foreign, claim(app, object("ConfigMap", owner("Pod", "other-driver", "any"), nullptr)));
}

}  // namespace
}  // namespace spoke::op
