// status.executorState from the executor pods.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/pods.h"
#include "operator/status.h"

namespace spoke::op {

struct Event;

// PENDING, RUNNING, COMPLETED, FAILED or UNKNOWN. One that was told to go and went is COMPLETED: the driver takes its
// executors down at its end, and idle ones before, and SIGTERM's 143 is no failure then.
std::string_view executor_state(const ExecutorPod& pod);

// Brings status.executor_state and spark_application_id up to date, with an event for each executor that is new or has
// changed. `status.state` is already the new one: by it, executors that have vanished are COMPLETED (the application
// succeeded), FAILED (it failed) or UNKNOWN (it runs). Executors with an id above `limit` are not tracked.
void follow_executors(Status& status, const std::vector<ExecutorPod>& pods, int limit, std::vector<Event>& events);

// In place of that, status.executor_summary: of the pods that are there, however many.
void count_executors(Status& status, const std::vector<ExecutorPod>& pods);

}  // namespace spoke::op
