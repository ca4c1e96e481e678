// A SparkApplication as people see it: state, executors, times. Fields of sparkoperator.k8s.io/v1beta2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cli/text/table.h"
#include "kube/meta.h"

namespace spoke::cli {

using kube::Object;

// status.applicationState.state; "NEW" before the operator has seen it.
std::string state_of(const Object& app);
bool finished(std::string_view state);  // COMPLETED or FAILED: nothing happens any more
std::string_view error_of(const Object& app);

// "spark-pi-driver": from the status, else spec.driver.podName, else the operator's rule for names.
std::string driver_pod_name(const Object& app);

// How many executors are wanted: "2", or "1-5" with dynamic allocation.
std::string executors_wanted(const Object& app);
// How many are RUNNING by status.executorState, or status.executorSummary.
size_t executors_running(const Object& app);

// From submission to the end, or to now; nothing before submission.
std::optional<Duration> run_time(const Object& app, Time now);
std::string age(const Object& object, Time now);  // "5m", "<unknown>"

struct ListColumns {
  bool wide = false;
  bool all_namespaces = false;
};
Table application_table(const std::vector<Object>& apps, const ListColumns& columns, Time now);

// What belongs into a file or another program: without metadata.managedFields, as kubectl shows objects.
Object without_noise(Object object);

}  // namespace spoke::cli
