// status of a SparkApplication: what the operator saw and did.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "data/json.h"

namespace spoke::op {

enum class State {
  New,
  Submitted,
  Running,
  Succeeding,
  Completed,
  Failing,
  Failed,
  SubmissionFailed,
  PendingRerun,
  Invalidating,
  Suspending,
  Suspended,
  Resuming,
  Unknown,
};

std::string_view word_of(State state);  // "" for New, "SUBMISSION_FAILED", ...
State state_of(std::string_view word);  // Unknown where it is none of these
bool is_final(State state);             // Completed or Failed

struct DriverInfo {
  std::string pod_name;
  std::string web_ui_service_name;
  std::string web_ui_address;  // clusterIP:port
  int web_ui_port = 0;
  std::string web_ui_ingress_name;
  std::string web_ui_ingress_address;
  bool operator==(const DriverInfo&) const = default;
};

// One that came before the present one.
struct Attempt {
  std::string submission_id, spark_application_id;
  std::string state;  // as applicationState.state had it at its end
  std::string error_message;
  std::optional<Time> submission_time, termination_time;
  bool operator==(const Attempt&) const = default;
};

struct Status {
  State state = State::New;
  std::string error_message;
  std::string spark_application_id;
  std::string submission_id;  // of the present attempt: written before anything of the attempt is made
  std::optional<Time> last_submission_attempt_time;
  std::optional<Time> termination_time;
  DriverInfo driver;
  std::map<std::string, std::string> executor_state;  // pod name -> PENDING, RUNNING, COMPLETED, FAILED, UNKNOWN
  std::map<std::string, int> executor_summary;        // PENDING, RUNNING, ... -> pods; in place of executor_state
  std::vector<Attempt> attempts;                      // the latest last, where the application asks for them
  int execution_attempts = 0;
  int submission_attempts = 0;
  bool operator==(const Status&) const = default;
};

// The driver is there, and the web UI's Service is planned, but not known to be there: it waits for quieter times.
bool lacks_services(const Status& status);

// From the application's document. What is missing or of another type is as if it had not been written.
Status read_status(const json::value& application);
// Members that hold nothing are left out, as Go's omitempty does; driverInfo is always there, for the schema requires
// it.
json::value to_json(const Status& status);

// The merge patch that makes a status of `before` into `after`; what `before` has and `after` has not becomes null.
json::value status_patch(const json::value& before, const json::value& after);

}  // namespace spoke::op
