#include "operator/executors.h"

#include <set>

#include "operator/decide.h"

namespace spoke::op {
namespace {

constexpr int kSigterm = 143;  // 128 + 15

Event event_of(const ExecutorPod& pod, std::string_view state) {
  if (state == "PENDING") return {false, "SparkExecutorPending", fmt::format("Executor {} is pending", pod.name)};
  if (state == "RUNNING") return {false, "SparkExecutorRunning", fmt::format("Executor {} is running", pod.name)};
  if (state == "COMPLETED") return {false, "SparkExecutorCompleted", fmt::format("Executor {} completed", pod.name)};
  if (state == "FAILED") {
    const Terminated end = pod.terminated.value_or(Terminated{-1, "Unknown (Container not Found)"});
    return {true, "SparkExecutorFailed",
            fmt::format("Executor {} failed with ExitCode: {}, Reason: {}, Pod Message: {}", pod.name, end.exit_code,
                        end.reason, pod.message)};
  }
  return {true, "SparkExecutorUnknown", fmt::format("Executor {} in unknown state", pod.name)};
}

bool ended(std::string_view state) { return state == "COMPLETED" || state == "FAILED"; }

std::string_view state_of_vanished(State application) {
  if (application == State::Succeeding || application == State::Completed) return "COMPLETED";
  return application == State::Failing || application == State::Failed ? "FAILED" : "UNKNOWN";
}

}  // namespace

std::string_view executor_state(const ExecutorPod& pod) {
  if (pod.phase == "Pending" || pod.phase.empty()) return "PENDING";
  if (pod.phase == "Running") return "RUNNING";
  if (pod.phase == "Succeeded") return "COMPLETED";
  if (pod.phase != "Failed") return "UNKNOWN";
  const bool went = pod.terminated && (pod.terminated->exit_code == 0 || pod.terminated->exit_code == kSigterm);
  return pod.deleting && went ? "COMPLETED" : "FAILED";
}

void count_executors(Status& status, const std::vector<ExecutorPod>& pods) {
  status.executor_state.clear();
  status.executor_summary.clear();
  for (const auto& pod : pods) ++status.executor_summary[std::string(executor_state(pod))];
}

void follow_executors(Status& status, const std::vector<ExecutorPod>& pods, int limit, std::vector<Event>& events) {
  status.executor_summary.clear();
  std::set<std::string_view> there;
  bool id_known = false;
  for (const auto& pod : pods) {
    const auto known = status.executor_state.find(pod.name);
    const bool full = known == status.executor_state.end() && std::ssize(status.executor_state) >= limit;
    if (pod.id > limit || full) continue;
    there.insert(pod.name);
    const std::string_view state = executor_state(pod);
    if (known == status.executor_state.end() || known->second != state) {
      events.push_back(event_of(pod, state));
      status.executor_state[pod.name] = state;
    }
    // Executors know the id that the application runs under, where the driver's label is another (SPARK-25922).
    if (!id_known && !pod.app_id.empty()) {
      status.spark_application_id = pod.app_id;
      id_known = true;
    }
  }
  for (auto& [name, state] : status.executor_state)
    if (!ended(state) && !there.contains(name)) state = state_of_vanished(status.state);
}

}  // namespace spoke::op
