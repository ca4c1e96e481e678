// What kubeflow's operator tells Prometheus of applications and executors, by the same names, so that dashboards go on
// working. Source: its internal/metrics. Two differences: a restart of the operator counts nothing again, and gauges
// follow an edit of labels.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "operator/application.h"
#include "operator/pods.h"

namespace spoke::op {

struct MetricsOptions {
  std::string prefix;
  // Of applications, and "namespace"; what an application has not is "Unknown".
  std::vector<std::string> labels;
  std::vector<double> submit_latency_buckets{0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256};         // s
  std::vector<double> start_latency_buckets{30, 60, 90, 120, 150, 180, 210, 240, 270, 300};  // s
};

class ApplicationMetrics {
 public:
  // Gauges begin at zero: whoever counts, counts all that is there.
  ApplicationMetrics(metrics::Registry& registry, const MetricsOptions& options);
  ~ApplicationMetrics();  // gauges are empty again
  ApplicationMetrics(const ApplicationMetrics&) = delete;
  ApplicationMetrics& operator=(const ApplicationMetrics&) = delete;

  // As a cache has it; null before: it is new there; null after: it is gone.
  void application_changed(const kube::Object* before, const kube::Object* after);
  // `application()` is asked for where it is needed.
  void executor_changed(const Pod* before, const Pod* after,
                        const std::function<std::optional<kube::Object>()>& application);
  // A status was written: `before` has the one before.
  void status_written(const Application& before, const Status& after, Time now);

 private:
  metrics::Labels labels_of(const kube::Object& application) const;
  metrics::Labels labels_of(const std::string& ns, const Texts& labels) const;
  metrics::Family& family(const char* name, const char* help, metrics::Kind kind, std::vector<double> buckets = {});

  metrics::Registry& registry_;
  const MetricsOptions& options_;
  metrics::Family &count_, &submitted_, &refused_, &running_, &succeeded_, &failed_;
  metrics::Family &success_time_, &failure_time_, &submit_latency_, &submit_histogram_, &start_latency_,
      &start_histogram_;
  // Under which labels an executor is counted as running, by its pod: its application may change, or go before it.
  // Empty where there are no labels.
  std::map<std::string, metrics::Labels> counted_;
  metrics::Family &executors_running_, &executors_succeeded_, &executors_failed_;
};

}  // namespace spoke::op
