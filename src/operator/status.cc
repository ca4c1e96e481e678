#include "operator/status.h"

#include <array>

namespace spoke::op {
namespace {

constexpr std::array<std::pair<State, std::string_view>, 14> kWords{{
    {State::New, ""},
    {State::Submitted, "SUBMITTED"},
    {State::Running, "RUNNING"},
    {State::Succeeding, "SUCCEEDING"},
    {State::Completed, "COMPLETED"},
    {State::Failing, "FAILING"},
    {State::Failed, "FAILED"},
    {State::SubmissionFailed, "SUBMISSION_FAILED"},
    {State::PendingRerun, "PENDING_RERUN"},
    {State::Invalidating, "INVALIDATING"},
    {State::Suspending, "SUSPENDING"},
    {State::Suspended, "SUSPENDED"},
    {State::Resuming, "RESUMING"},
    {State::Unknown, "UNKNOWN"},
}};

std::string text(const json::value& v, std::string_view path) { return std::string(json::str(v, path)); }

void put(json::object& to, std::string_view name, const std::string& value) {
  if (!value.empty()) to[name] = value;
}

void put(json::object& to, std::string_view name, int value) {
  if (value != 0) to[name] = value;
}

void put(json::object& to, std::string_view name, const std::optional<Time>& value) {
  if (value) to[name] = rfc3339(*value);
}

Attempt read_attempt(const json::value& v) {
  return {.submission_id = text(v, "submissionID"),
          .spark_application_id = text(v, "sparkApplicationId"),
          .state = text(v, "state"),
          .error_message = text(v, "errorMessage"),
          .submission_time = parse_rfc3339(json::str(v, "submissionTime")),
          .termination_time = parse_rfc3339(json::str(v, "terminationTime"))};
}

json::value to_json(const Attempt& a) {
  json::object out;
  put(out, "submissionID", a.submission_id);
  put(out, "sparkApplicationId", a.spark_application_id);
  put(out, "state", a.state);
  put(out, "errorMessage", a.error_message);
  put(out, "submissionTime", a.submission_time);
  put(out, "terminationTime", a.termination_time);
  return out;
}

}  // namespace

std::string_view word_of(State state) {
  for (const auto& [s, word] : kWords)
    if (s == state) return word;
  return "UNKNOWN";
}

State state_of(std::string_view word) {
  for (const auto& [state, w] : kWords)
    if (w == word) return state;
  return State::Unknown;
}

bool is_final(State state) { return state == State::Completed || state == State::Failed; }

bool lacks_services(const Status& status) {
  const bool runs =
      status.state == State::Submitted || status.state == State::Running || status.state == State::Unknown;
  return runs && !status.driver.web_ui_service_name.empty() && status.driver.web_ui_address.empty();
}

Status read_status(const json::value& application) {
  Status s;
  s.state = state_of(json::str(application, "status.applicationState.state"));
  s.error_message = text(application, "status.applicationState.errorMessage");
  s.spark_application_id = text(application, "status.sparkApplicationId");
  s.submission_id = text(application, "status.submissionID");
  s.last_submission_attempt_time = parse_rfc3339(json::str(application, "status.lastSubmissionAttemptTime"));
  s.termination_time = parse_rfc3339(json::str(application, "status.terminationTime"));
  s.driver.pod_name = text(application, "status.driverInfo.podName");
  s.driver.web_ui_service_name = text(application, "status.driverInfo.webUIServiceName");
  s.driver.web_ui_address = text(application, "status.driverInfo.webUIAddress");
  s.driver.web_ui_port = static_cast<int>(json::num(application, "status.driverInfo.webUIPort"));
  s.driver.web_ui_ingress_name = text(application, "status.driverInfo.webUIIngressName");
  s.driver.web_ui_ingress_address = text(application, "status.driverInfo.webUIIngressAddress");
  for (const auto& [name, value] : json::members(application, "status.executorState"))
    if (value.is_string()) s.executor_state[name] = json::to_string(value.get_string());
  for (const auto& [name, value] : json::members(application, "status.executorSummary"))
    if (value.is_int64()) s.executor_summary[name] = static_cast<int>(value.get_int64());
  for (const auto& attempt : json::list(application, "status.attempts")) s.attempts.push_back(read_attempt(attempt));
  s.execution_attempts = static_cast<int>(json::num(application, "status.executionAttempts"));
  s.submission_attempts = static_cast<int>(json::num(application, "status.submissionAttempts"));
  return s;
}

json::value to_json(const Status& s) {
  json::object state{{"state", word_of(s.state)}};
  put(state, "errorMessage", s.error_message);

  json::object driver;
  put(driver, "podName", s.driver.pod_name);
  put(driver, "webUIServiceName", s.driver.web_ui_service_name);
  put(driver, "webUIAddress", s.driver.web_ui_address);
  put(driver, "webUIPort", s.driver.web_ui_port);
  put(driver, "webUIIngressName", s.driver.web_ui_ingress_name);
  put(driver, "webUIIngressAddress", s.driver.web_ui_ingress_address);

  json::object out{{"applicationState", std::move(state)}, {"driverInfo", std::move(driver)}};
  put(out, "sparkApplicationId", s.spark_application_id);
  put(out, "submissionID", s.submission_id);
  put(out, "lastSubmissionAttemptTime", s.last_submission_attempt_time);
  put(out, "terminationTime", s.termination_time);
  put(out, "executionAttempts", s.execution_attempts);
  put(out, "submissionAttempts", s.submission_attempts);
  if (!s.executor_state.empty()) {
    json::object executors;
    for (const auto& [name, word] : s.executor_state) executors[name] = word;
    out["executorState"] = std::move(executors);
  }
  if (!s.executor_summary.empty()) {
    json::object numbers;
    for (const auto& [word, number] : s.executor_summary) numbers[word] = number;
    out["executorSummary"] = std::move(numbers);
  }
  if (!s.attempts.empty()) {
    json::array attempts;
    for (const auto& attempt : s.attempts) attempts.push_back(to_json(attempt));
    out["attempts"] = std::move(attempts);
  }
  return out;
}

json::value status_patch(const json::value& before, const json::value& after) {
  if (!before.is_object() || !after.is_object()) return after;
  json::object patch;
  for (const auto& [name, value] : after.get_object()) {
    const json::value* old = before.get_object().if_contains(name);
    if (old == nullptr)
      patch[name] = value;
    else if (*old != value)
      patch[name] = status_patch(*old, value);
  }
  for (const auto& [name, value] : before.get_object())
    if (!after.get_object().contains(name)) patch[name] = nullptr;
  return patch;
}

}  // namespace spoke::op
