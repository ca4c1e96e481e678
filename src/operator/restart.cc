#include "operator/restart.h"

#include <algorithm>

namespace spoke::op {
namespace {

std::optional<std::int64_t> whole(const json::value& application, std::string_view path) {
  const json::value* v = json::find(application, path);
  if (v == nullptr || !v->is_number()) return std::nullopt;
  return json::num(application, path);
}

bool within(int attempts, std::optional<std::int64_t> retries) { return retries && attempts <= *retries; }

}  // namespace

RestartPolicy read_restart_policy(const json::value& application) {
  RestartPolicy out;
  const std::string_view type = json::str(application, "spec.restartPolicy.type");
  if (type == "OnFailure") out.type = RestartPolicy::Type::OnFailure;
  if (type == "Always") out.type = RestartPolicy::Type::Always;
  out.submission_failure_retries = whole(application, "spec.restartPolicy.onSubmissionFailureRetries");
  out.failure_retries = whole(application, "spec.restartPolicy.onFailureRetries");
  out.submission_failure_interval = whole(application, "spec.restartPolicy.onSubmissionFailureRetryInterval")
                                        .value_or(out.submission_failure_interval);
  out.failure_interval = whole(application, "spec.restartPolicy.onFailureRetryInterval").value_or(out.failure_interval);
  return out;
}

bool is_retried(const RestartPolicy& policy, const Status& status) {
  switch (policy.type) {
    case RestartPolicy::Type::Never: return false;
    case RestartPolicy::Type::Always: return true;
    case RestartPolicy::Type::OnFailure: break;
  }
  if (status.state == State::Failing) return within(status.execution_attempts, policy.failure_retries);
  if (status.state == State::SubmissionFailed)
    return within(status.submission_attempts, policy.submission_failure_retries);
  return false;
}

Time retry_due(const RestartPolicy& policy, const Status& status) {
  // A century is never; more would not fit into a Time.
  constexpr std::int64_t kMost = std::int64_t{100} * 365 * 24 * 3600;
  if (status.state == State::Succeeding || !status.last_submission_attempt_time) return {};
  const std::int64_t interval =
      status.state == State::SubmissionFailed ? policy.submission_failure_interval : policy.failure_interval;
  const std::int64_t attempts = std::max(status.submission_attempts, 1);
  const std::int64_t wait = std::clamp<std::int64_t>(interval, 0, kMost / attempts) * attempts;
  return *status.last_submission_attempt_time + std::chrono::seconds(wait);
}

}  // namespace spoke::op
