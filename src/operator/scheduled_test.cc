#include "operator/scheduled.h"

#include <gtest/gtest.h>

#include "data/yaml.h"
#include "operator/crds.h"
#include "operator/labels.h"
#include "operator/run_index.h"

namespace spoke::op {
namespace {

const Time kNow = *parse_rfc3339("2026-03-01T12:00:00Z");
const Time kDue = kNow - std::chrono::seconds(30);
constexpr const char* kRunDue = "nightly-1772366370000000000";

Scheduled scheduled(const char* spec = "{}") {
  json::value document = yaml::parse(R"(
metadata: {name: nightly, namespace: jobs, uid: schedule-uid, resourceVersion: "7", labels: {team: etl},
  annotations: {spoke.dev/run-timeout: 6h, note: of the schedule}}
spec: {schedule: "*/5 * * * *", timeZone: UTC, template: {type: Scala, driver: {}, executor: {}}}
)");
  for (const auto& [name, value] : json::parse(spec).as_object()) document.at("spec").as_object()[name] = value;
  return read_scheduled(document);
}

// One that has been looked at before, whose time has come.
Scheduled due(const char* spec = "{}") {
  Scheduled out = scheduled(spec);
  out.status.state = "Scheduled";
  out.status.next_run = kDue;
  return out;
}

Run run(const char* name, State state, const char* created = "2026-03-01T11:00:00Z") {
  return {.name = name, .uid = std::string(name) + "-uid", .state = state, .created = created};
}

std::vector<std::string> names(const std::vector<Removal>& removals) {
  std::vector<std::string> out;
  for (const auto& removal : removals) out.push_back(removal.name);
  return out;
}

using Names = std::vector<std::string>;

TEST(Scheduled, IsTakenUpAndWaitsForItsTime) {
  const ScheduleDecision d = decide(scheduled(), {}, kNow + std::chrono::seconds(1));
  EXPECT_EQ("Scheduled", d.status->state);
  EXPECT_EQ("2026-03-01T12:05:00Z", rfc3339(*d.status->next_run));
  EXPECT_FALSE(d.create);
  EXPECT_EQ(Duration(std::chrono::seconds(299)), d.look_again);
  Scheduled waiting = scheduled();
  waiting.status = *d.status;
  EXPECT_FALSE(decide(waiting, {}, kNow + std::chrono::seconds(2)).status) << "nothing new";
}

TEST(Scheduled, MakesARunWhenItIsDue) {
  const ScheduleDecision d = decide(due(), {}, kNow);
  ASSERT_TRUE(d.create);
  EXPECT_EQ(yaml::parse(R"(
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata:
  name: nightly-1772366370000000000
  namespace: jobs
  labels: {sparkoperator.k8s.io/scheduled-app-name: nightly, team: etl}
  annotations: {spoke.dev/run-timeout: 6h}
  ownerReferences:
  - {apiVersion: sparkoperator.k8s.io/v1beta2, kind: ScheduledSparkApplication, name: nightly, uid: schedule-uid,
     blockOwnerDeletion: true}
spec: {type: Scala, driver: {}, executor: {}}
)"),
            *d.create);
  EXPECT_EQ(kNow, d.status->last_run);
  EXPECT_EQ(kRunDue, d.status->last_run_name);
  EXPECT_EQ("2026-03-01T12:05:00Z", rfc3339(*d.status->next_run));
  EXPECT_EQ(kRunDue, json::str(*decide(due(), {}, kNow + std::chrono::hours(30)).create, "metadata.name"))
      << "one for all that were missed, and after a crash the same";
}

TEST(Scheduled, NamesHaveThePrecisionThatIsAskedFor) {
  const auto name = [](Precision precision) { return decide(due(), {}, kNow, precision).status->last_run_name; };
  EXPECT_EQ("nightly-1772366370000000", name(Precision::Micros));
  EXPECT_EQ("nightly-1772366370000", name(Precision::Millis));
  EXPECT_EQ("nightly-1772366370", name(Precision::Seconds));
  EXPECT_EQ("nightly-29539439", name(Precision::Minutes));
}

// What happens to the run before, by policy and state.
TEST(Scheduled, TheRunBeforeIsDealtWithByPolicy) {
  struct Row {
    const char* policy;
    State state;
    bool made, removed, skipped;
  };
  for (const Row& row :
       {Row{"Allow", State::Running, true, false, false}, Row{"Forbid", State::Running, false, false, true},
        Row{"Forbid", State::PendingRerun, false, false, true}, Row{"Forbid", State::Completed, true, false, false},
        Row{"Forbid", State::Failed, true, false, false}, Row{"Replace", State::Running, true, true, false},
        Row{"Replace", State::New, true, true, false}, Row{"Replace", State::Completed, true, false, false},
        Row{"", State::Running, true, false, false}}) {
    SCOPED_TRACE(fmt::format("{} {}", row.policy, word_of(row.state)));
    Scheduled s = due(fmt::format(R"({{"concurrencyPolicy": "{}"}})", row.policy).c_str());
    const ScheduleDecision d = decide(s, {run("before", row.state)}, kNow);
    EXPECT_EQ(row.made, d.create.has_value());
    EXPECT_EQ(row.removed ? Names{"before"} : Names{}, names(d.remove));
    EXPECT_EQ(row.skipped ? 1u : 0u, d.events.size());
    EXPECT_EQ("2026-03-01T12:05:00Z", rfc3339(*d.status->next_run));
    EXPECT_EQ(row.made, d.status->last_run.has_value());
  }
}

TEST(Scheduled, ARunThatIsThereIsNotMadeTwice) {
  for (const char* policy : {"Allow", "Forbid", "Replace"}) {
    const Scheduled s = due(fmt::format(R"({{"concurrencyPolicy": "{}"}})", policy).c_str());
    const ScheduleDecision d = decide(s, {run(kRunDue, State::Running)}, kNow);
    EXPECT_FALSE(d.create);
    EXPECT_TRUE(d.remove.empty());
    EXPECT_EQ(kRunDue, d.status->last_run_name);
  }
}

TEST(Scheduled, KeepsAsManyRunsAsItIsAllowed) {
  const std::vector<op::Run> runs{
      run("a", State::Completed, "2026-03-01T09:00:00Z"), run("b", State::Completed, "2026-03-01T11:00:00Z"),
      run("c", State::Completed, "2026-03-01T10:00:00Z"), run("d", State::Failed), run("e", State::Running)};
  const ScheduleDecision one = decide(scheduled(), runs, kNow);
  EXPECT_EQ(Names{"b"}, one.status->past_successful);
  EXPECT_EQ(Names{"d"}, one.status->past_failed);
  EXPECT_EQ((Names{"c", "a"}), names(one.remove));
  const auto other = decide(scheduled(R"({"successfulRunHistoryLimit": 2, "failedRunHistoryLimit": 0})"), runs, kNow);
  EXPECT_EQ((Names{"b", "c"}), other.status->past_successful);
  EXPECT_EQ((Names{"a", "d"}), names(other.remove));
  const auto suspended = decide(scheduled(R"({"suspend": true})"), runs, kNow);
  EXPECT_EQ((Names{"c", "a"}), names(suspended.remove));
  EXPECT_FALSE(suspended.look_again || suspended.create || suspended.status->next_run);
}

TEST(Scheduled, AnEditOfTheScheduleMovesTheNextRun) {
  const auto next = [](const char* spec, const char* planned) {
    Scheduled s = scheduled(spec);
    s.status.state = "Scheduled";
    s.status.next_run = *parse_rfc3339(planned);
    const ScheduleDecision d = decide(s, {}, kNow);
    return d.status ? rfc3339(*d.status->next_run) : "as it was";
  };
  EXPECT_EQ("2026-03-01T12:05:00Z", next("{}", "2026-03-02T00:00:00Z")) << "it was @daily";
  EXPECT_EQ("2026-03-02T00:00:00Z", next(R"({"schedule": "@daily"})", "2026-03-01T12:05:00Z"));
  EXPECT_EQ("2026-03-01T12:01:00Z", next(R"({"schedule": "@every 1m"})", "2026-03-02T00:00:00Z"));
  EXPECT_EQ("as it was", next(R"({"schedule": "@every 1h"})", "2026-03-01T12:05:00Z"));
}

TEST(Scheduled, WhatIsNoScheduleSaysWhyUntilItIsOne) {
  const auto reason = [](const char* spec) {
    const ScheduleDecision d = decide(due(spec), {}, kNow);
    EXPECT_EQ("FailedValidation", d.status->state);
    EXPECT_FALSE(d.look_again || d.create || d.status->next_run);
    return d.status->reason;
  };
  EXPECT_EQ("expected exactly 5 fields, found 1: [often]", reason(R"({"schedule": "often"})"));
  EXPECT_EQ("Invalid timezone: unknown time zone Mars", reason(R"({"timeZone": "Mars"})"));
  EXPECT_EQ("there is no such time within five years: 0 0 30 2 *", reason(R"({"schedule": "0 0 30 2 *"})"));
  Scheduled longer = due();
  longer.name = std::string(50, 'n');
  EXPECT_TRUE(decide(longer, {}, kNow).status->reason.starts_with("a run's name, nnn"));

  Scheduled mended = scheduled();
  mended.status = {.state = "FailedValidation", .reason = "expected exactly 5 fields, found 1: [often]"};
  const ScheduleDecision d = decide(mended, {}, kNow);
  EXPECT_EQ("Scheduled", d.status->state);
  EXPECT_EQ("", d.status->reason);
}

TEST(Scheduled, ARunThatIsRefusedIsLeftOut) {
  Scheduled s = due();
  s.status.last_run_name = "before";
  const ScheduleDecision d = not_made(s, decide(s, {}, kNow), "exceeded quota");
  EXPECT_FALSE(d.create);
  EXPECT_EQ("before", d.status->last_run_name);
  EXPECT_EQ("exceeded quota", d.status->reason);
  EXPECT_EQ("2026-03-01T12:05:00Z", rfc3339(*d.status->next_run));
  EXPECT_EQ("SparkApplicationRunFailed", d.events.at(0).reason);
}

TEST(Scheduled, StatusIsReadAsItIsWritten) {
  const ScheduleStatus status{.last_run = kDue,
                              .next_run = kNow,
                              .last_run_name = "a",
                              .past_successful = {"b", "c"},
                              .past_failed = {"d"},
                              .state = "Scheduled",
                              .reason = "why"};
  EXPECT_EQ(status, read_scheduled(json::object{{"status", to_json(status)}}).status);
  EXPECT_EQ(ScheduleStatus{}, read_scheduled(json::object{{"status", to_json(ScheduleStatus{})}}).status);
  EXPECT_EQ(ScheduleStatus{}, read_scheduled(nullptr).status);
}

TEST(Scheduled, TheTemplateIsASparkApplicationsSpec) {
  const auto schema = [](const json::value& crd) {
    return json::find(json::list(crd, "spec.versions").at(0), "schema.openAPIV3Schema.properties.spec");
  };
  ASSERT_LE(2u, crds().size());
  EXPECT_EQ(*schema(crds()[0]), *json::find(*schema(crds()[1]), "properties.template"));
}

TEST(RunIndex, FollowsLabels) {
  const auto application = [](const char* schedule, const char* state) {
    json::value out = yaml::parse("{metadata: {name: r, namespace: jobs, uid: u}}");
    json::set(out, "metadata.labels", json::object{{label::scheduled_by, schedule}});
    json::set(out, "status.applicationState.state", json::value(state));
    return out;
  };
  RunIndex index;
  const auto running = application("nightly", "RUNNING"), done = application("nightly", "COMPLETED"),
             moved = application("other", "COMPLETED"), plain = application("", "");
  EXPECT_EQ("jobs/nightly", index.update(nullptr, &running));
  EXPECT_EQ("", index.update(&running, &running)) << "nothing has changed";
  EXPECT_EQ("jobs/nightly", index.update(&running, &done));
  EXPECT_EQ(State::Completed, index.runs_of("jobs/nightly").at(0).state);
  EXPECT_EQ("jobs/other", index.update(&done, &moved));
  EXPECT_TRUE(index.runs_of("jobs/nightly").empty());
  EXPECT_EQ("jobs/other", index.update(&moved, nullptr));
  EXPECT_TRUE(index.runs_of("jobs/other").empty());
  EXPECT_EQ("", index.update(nullptr, &plain));
  EXPECT_EQ("", index.update(&plain, nullptr));
}

}  // namespace
}  // namespace spoke::op
