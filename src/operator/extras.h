// What an application may ask for beyond kubeflow's API, by annotations of its own that other operators ignore
// (docs/annotations.md). An attempt that takes too long has failed: its driver is deleted, and restartPolicy says what
// follows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "kube/meta.h"
#include "operator/reader.h"

namespace spoke::op {

enum class Retain { Always, OnFailure, Never };

struct Extras {  // durations are of a century at most
  std::optional<Duration> submission_timeout, driver_start_timeout, executor_start_timeout, run_timeout;
  bool restart_on_infrastructure = false;
  std::optional<Duration> reset_restarts_after;
  int attempt_history = 0;
  bool executor_summary = false;
  Retain retain = Retain::Always;
  std::optional<Duration> retain_for;

  std::optional<InvalidApplication> wrong;  // the first that makes no sense
  std::vector<std::string> unknown;         // annotations under spoke.dev/ that are none of these
};

// From the application's document. What makes no sense is as if it had not been written, but for `wrong`.
Extras read_extras(const kube::Object& application);

// The annotations that read_extras() reads.
json::object extras_of(const kube::Object& application);

}  // namespace spoke::op
