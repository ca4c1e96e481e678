// spec.restartPolicy: whether an attempt that has ended is followed by another, and when.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "operator/status.h"

namespace spoke::op {

struct RestartPolicy {
  enum class Type { Never, OnFailure, Always };
  Type type = Type::Never;
  // After the first; nothing: none. Not read where the type is Always.
  std::optional<std::int64_t> submission_failure_retries, failure_retries;
  std::int64_t submission_failure_interval = 5, failure_interval = 5;  // s
};

// From the application's document. What is missing or of another type is as if it had not been written.
RestartPolicy read_restart_policy(const json::value& application);

// Whether an application that stands at the end of an attempt (Succeeding, Failing or SubmissionFailed) gets another.
bool is_retried(const RestartPolicy& policy, const Status& status);

// When: the interval times the submissions so far, after the last one.
Time retry_due(const RestartPolicy& policy, const Status& status);

}  // namespace spoke::op
