#include "operator/deadlines.h"

#include <algorithm>

#include "operator/executors.h"

namespace spoke::op {
namespace {

std::string because(const std::string& trouble) { return trouble.empty() ? "" : ": " + trouble; }

// The one that has been pending longest, where none runs.
const ExecutorPod* first_pending(const std::vector<ExecutorPod>& executors) {
  const ExecutorPod* found = nullptr;
  for (const auto& pod : executors) {
    const std::string_view state = executor_state(pod);
    if (state == "RUNNING") return nullptr;
    if (state == "PENDING" && pod.created && (found == nullptr || *pod.created < *found->created)) found = &pod;
  }
  return found;
}

class Watch {
 public:
  explicit Watch(Time now) : now_(now) {}

  void add(std::optional<Time> since, std::optional<Duration> allowed, const std::string& what,
           const std::string& trouble) {
    if (!since || !allowed) return;
    const Time end = *since + *allowed;
    if (now_ < end)
      found_.next = std::min(found_.next.value_or(end), end);
    else if (found_.missed.empty())
      found_.missed = fmt::format("{} within {}{}", what, human_duration(*allowed), because(trouble));
  }

  Deadline found() && { return std::move(found_); }

 private:
  Time now_;
  Deadline found_;
};

}  // namespace

Deadline deadline(const Application& app, State state, const Observed& seen, Time now) {
  const Extras& allowed = app.extras;
  Watch watch(now);
  const auto submitted = app.status.last_submission_attempt_time;
  if (state == State::Submitted)
    watch.add(submitted, allowed.driver_start_timeout, "the driver did not start", seen.driver->trouble);
  if (const ExecutorPod* pending = first_pending(seen.executors); pending != nullptr && state == State::Running)
    watch.add(pending->created, allowed.executor_start_timeout,
              fmt::format("no executor runs: {} did not start", pending->name), pending->trouble);
  watch.add(submitted, allowed.run_timeout, std::string(kRunTookTooLong), "");
  return std::move(watch).found();
}

std::optional<Time> patience_with(const Application& app, const DriverPod& leaving) {
  const auto allowed = app.extras.submission_timeout;
  if (!leaving.deleting || !allowed) return std::nullopt;
  return *leaving.deleting + *allowed;
}

}  // namespace spoke::op
