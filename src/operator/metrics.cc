#include "operator/metrics.h"

#include <algorithm>

#include "kube/selector.h"
#include "operator/executors.h"

namespace spoke::op {
namespace {

using metrics::Family;
using metrics::Kind;
using metrics::Labels;

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

bool runs(const kube::Object* application) {
  return application != nullptr && read_status(*application).state == State::Running;
}

std::string_view state_of_executor(const Pod* pod) {
  return pod != nullptr && pod->role == Pod::Role::Executor ? executor_state(executor_of(*pod)) : "";
}

// The driver's creation and what came of it may be one write.
bool was_submitted(State before, State after) {
  const bool began = before == State::New || before == State::PendingRerun || before == State::Resuming;
  return began && (after == State::Submitted || after == State::Running || after == State::Succeeding ||
                   after == State::Failing);
}

}  // namespace

ApplicationMetrics::ApplicationMetrics(metrics::Registry& registry, const MetricsOptions& options)
    : registry_(registry),
      options_(options),
      count_(family("application_count", "Total number of SparkApplication", Kind::Counter)),
      submitted_(family("application_submit_count", "Total number of submitted SparkApplication", Kind::Counter)),
      refused_(family("application_failed_submission_count", "Total number of failed SparkApplication submission",
                      Kind::Counter)),
      running_(family("application_running_count", "Total number of running SparkApplication", Kind::Gauge)),
      succeeded_(family("application_success_count", "Total number of successful SparkApplication", Kind::Counter)),
      failed_(family("application_failure_count", "Total number of failed SparkApplication", Kind::Counter)),
      success_time_(family("application_success_execution_time_seconds",
                           "From the last submission to the end of SparkApplications that succeeded", Kind::Summary)),
      failure_time_(family("application_failure_execution_time_seconds",
                           "From the last submission to the end of SparkApplications that failed", Kind::Summary)),
      submit_latency_(family("application_submit_latency_seconds",
                             "Spark App Submit Latency from creation to submitted state", Kind::Summary)),
      submit_histogram_(family("application_submit_latency_seconds_histogram",
                               "Spark App Submit Latency counts in buckets from creation to submitted state",
                               Kind::Histogram, options.submit_latency_buckets)),
      start_latency_(
          family("application_start_latency_seconds", "Spark App Start Latency via the Operator", Kind::Summary)),
      start_histogram_(family("application_start_latency_seconds_histogram",
                              "Spark App Start Latency counts in buckets via the Operator", Kind::Histogram,
                              options.start_latency_buckets)),
      executors_running_(family("executor_running_count", "Total number of running Spark executors", Kind::Gauge)),
      executors_succeeded_(
          family("executor_success_count", "Total number of successful Spark executors", Kind::Counter)),
      executors_failed_(family("executor_failure_count", "Total number of failed Spark executors", Kind::Counter)) {
  running_.clear();
  executors_running_.clear();
}

ApplicationMetrics::~ApplicationMetrics() {
  running_.clear();
  executors_running_.clear();
}

Family& ApplicationMetrics::family(const char* name, const char* help, Kind kind, std::vector<double> buckets) {
  return registry_.family(metrics::valid_name(options_.prefix + "spark_" + name), help, kind, std::move(buckets));
}

Labels ApplicationMetrics::labels_of(const std::string& ns, const Texts& labels) const {
  Labels out;
  for (const auto& wanted : options_.labels) {
    const std::string name = metrics::valid_name(wanted);
    const auto found =
        std::ranges::find_if(labels, [&](const auto& l) { return metrics::valid_name(l.first) == name; });
    out.emplace_back(name, found != labels.end() ? found->second : name == "namespace" ? ns : "Unknown");
  }
  return out;
}

Labels ApplicationMetrics::labels_of(const kube::Object& application) const {
  Texts labels;
  for (auto& [name, value] : kube::labels_of(application)) labels[name] = std::move(value);
  return labels_of(std::string(kube::ns(application)), labels);
}

void ApplicationMetrics::application_changed(const kube::Object* before, const kube::Object* after) {
  if (before == nullptr && after != nullptr && read_status(*after).state == State::New) count_.add(labels_of(*after));
  if (runs(before)) running_.add(labels_of(*before), -1);
  if (runs(after)) running_.add(labels_of(*after));
}

void ApplicationMetrics::executor_changed(const Pod* before, const Pod* after,
                                          const std::function<std::optional<kube::Object>()>& application) {
  const std::string_view was = state_of_executor(before), is = state_of_executor(after);
  if (was == is) return;
  const Pod& pod = after != nullptr ? *after : *before;
  const std::optional<kube::Object> of = application();
  Labels labels = of ? labels_of(*of) : labels_of(std::string(pod.of->ns), Texts());
  if (was == "RUNNING") {
    if (const auto counted = counted_.extract(pod.key())) labels = counted.mapped();
    executors_running_.add(labels, -1);
  }
  if (is == "RUNNING") {
    executors_running_.add(labels);
    if (!labels.empty()) counted_[pod.key()] = labels;
  }
  if (was.empty()) return;  // it ended before it was seen, maybe by an operator before
  if (is == "COMPLETED") executors_succeeded_.add(labels);
  if (is == "FAILED") executors_failed_.add(labels);
}

void ApplicationMetrics::status_written(const Application& before, const Status& after, Time now) {
  const State was = before.status.state;
  if (was == after.state) return;
  const Labels labels = labels_of(before.ns, before.labels);
  const auto latency = [&](Family& summary, Family& histogram) {
    if (!before.created) return;
    summary.observe(labels, seconds(now - *before.created));
    histogram.observe(labels, seconds(now - *before.created));
  };
  const auto end = [&](Family& counter, Family& time) {
    counter.add(labels);
    if (after.last_submission_attempt_time && after.termination_time)
      time.observe(labels, seconds(*after.termination_time - *after.last_submission_attempt_time));
  };
  if (was_submitted(was, after.state)) {
    submitted_.add(labels);
    if (after.submission_attempts == 1) latency(submit_latency_, submit_histogram_);
  }
  if (after.state == State::SubmissionFailed) refused_.add(labels);
  if (after.state == State::Running && after.execution_attempts == 1) latency(start_latency_, start_histogram_);
  if (after.state == State::Completed) end(succeeded_, success_time_);
  if (after.state == State::Failed) end(failed_, failure_time_);
}

}  // namespace spoke::op
