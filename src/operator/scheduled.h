// A ScheduledSparkApplication, and what to do next with it, from what it says, its runs and the time. No I/O:
// operator/schedules.h reads before and acts after.
//
// A run is a SparkApplication, named after the schedule and the time that it was due at. Whoever is interrupted between
// making it and writing so into status makes it again, and finds it there: no time has two runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operator/decide.h"

namespace spoke::op {

// "", "Scheduled", "FailedValidation": what kubeflow's operator writes ("Validating" it never does).
struct ScheduleStatus {
  std::optional<Time> last_run, next_run;
  std::string last_run_name;
  std::vector<std::string> past_successful, past_failed;  // newest first
  std::string state;
  std::string reason;  // of FailedValidation, or why the last run was not made
  bool operator==(const ScheduleStatus&) const = default;
};

struct Scheduled {
  enum class Concurrency { Allow, Forbid, Replace };

  std::string name, ns, uid, resource_version;
  bool deleting = false;
  Texts labels;
  std::string schedule, time_zone;  // as it was written
  bool suspend = false;
  Concurrency concurrency = Concurrency::Allow;
  std::int64_t successful_limit = 1, failed_limit = 1;
  json::value application;  // spec.template
  json::object extras;      // annotations that its runs get (operator/extras.h)
  ScheduleStatus status;

  std::string key() const { return ns + "/" + name; }
};

// Never throws: what is missing is empty.
Scheduled read_scheduled(const kube::Object& document);
json::value to_json(const ScheduleStatus& status);

// A SparkApplication of a schedule.
struct Run {
  std::string name, uid;
  State state = State::New;
  std::string created;  // RFC 3339: later ones are greater
  bool deleting = false;
  bool operator==(const Run&) const = default;
};

// The precision of the time in a run's name.
enum class Precision { Nanos, Micros, Millis, Seconds, Minutes };

struct ScheduleDecision {
  std::vector<Removal> remove;         // runs
  std::optional<kube::Object> create;  // a run; the status is of it made. Where it is refused: not_made()
  std::optional<ScheduleStatus> status;
  std::vector<Event> events;
  std::optional<Duration> look_again;
};

ScheduleDecision decide(const Scheduled& scheduled, const std::vector<Run>& runs, Time now,
                        Precision precision = Precision::Nanos);

// The API server will not have the run: the schedule goes on without it.
ScheduleDecision not_made(const Scheduled& scheduled, ScheduleDecision decision, const std::string& why);

}  // namespace spoke::op
