#include "cluster/workloads/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cluster/workloads/workload_pods.h"

namespace spoke::cluster {
namespace {

using std::chrono::seconds;

// After the first failure, twice as long after each other one.
constexpr Duration kFirstPause = seconds(10), kLongestPause = seconds(600);

bool is_tracked(const Object& pod) {
  const auto& finalizers = json::list(pod, "metadata.finalizers");
  return std::ranges::find(finalizers, json::value(kJobTracking)) != finalizers.end();
}

std::optional<Time> time_at(const json::value& v, std::string_view path) { return parse_rfc3339(json::str(v, path)); }

// When the last of its containers ended.
std::optional<Time> end_of(const Object& pod) {
  std::optional<Time> end = time_at(pod, "metadata.deletionTimestamp");
  for (const auto& container : json::list(pod, "status.containerStatuses"))
    end = std::max(end, time_at(container, "state.terminated.finishedAt"));
  return end;
}

std::int64_t restarts_of(const Object& pod) {
  std::int64_t all = 0;
  for (const char* list : {"status.initContainerStatuses", "status.containerStatuses"})
    for (const auto& container : json::list(pod, list)) all += json::num(container, "restartCount");
  return all;
}

struct Outcome {
  const char* condition;  // "Complete", "Failed"
  const char* reason;
  const char* message;
};
constexpr Outcome kComplete{"Complete", "CompletionsReached", "Reached expected number of succeeded pods"};
constexpr Outcome kBackoff{"Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"};
constexpr Outcome kDeadline{"Failed", "DeadlineExceeded", "Job was active longer than specified deadline"};

class Run {
 public:
  Run(const Object& job, const std::vector<Object>& pods, Time now) : job_(job), pods_(pods), now_(now), shown_(job) {
    parallel_ = json::num(job, "spec.parallelism", 1);
    if (json::find(job, "spec.completions") != nullptr) completions_ = json::num(job, "spec.completions");
    for (const char* kind : {"succeeded", "failed"})
      for (const auto& uid : json::list(job, std::string("status.uncountedTerminatedPods.") + kind))
        uncounted_[kind].insert(json::to_string(uid.as_string()));
  }

  Step next() {
    for (const char* end : {"Complete", "Failed"})
      if (kube::condition_is_true(job_, end)) return ended();
    begin();
    count();
    if (!kube::deleting(job_)) {
      const auto outcome = decide();
      if (outcome)
        finish(*outcome);
      else
        keep_up();
    }
    write_counts();
    step_.status = json::members(shown_, "status");
    return std::move(step_);
  }

 private:
  bool suspended() const { return json::flag(job_, "spec.suspend"); }
  static bool succeeded(const Object& pod) { return json::str(pod, "status.phase") == "Succeeded"; }
  // One that is being deleted is not waited for.
  static bool failed(const Object& pod) {
    return json::str(pod, "status.phase") == "Failed" || (kube::deleting(pod) && !succeeded(pod));
  }

  Step ended() {
    for (const auto& pod : pods_)
      if (is_tracked(pod)) untrack(pod);
    if (const json::value* ttl = json::find(job_, "spec.ttlSecondsAfterFinished"); ttl != nullptr) {
      std::optional<Time> end = time_at(job_, "status.completionTime");
      if (const json::value* failure = kube::condition(job_, "Failed"); !end && failure != nullptr)
        end = time_at(*failure, "lastTransitionTime");
      const Time until = end.value_or(now_) + seconds_of(json::num(job_, "spec.ttlSecondsAfterFinished"));
      if (until <= now_ && !kube::deleting(job_))
        step_.remove.push_back(job_);
      else if (until > now_)
        step_.look_within(until - now_);
    }
    return std::move(step_);
  }

  void begin() {
    json::make_object(shown_, "status");
    if (suspended()) {
      if (!kube::condition_is_true(job_, "Suspended")) {
        condition("Suspended", "True", "JobSuspended", "Job suspended");
        step_.notes.push_back({"Suspended", "Job suspended"});
      }
      return;
    }
    if (kube::condition_is_true(job_, "Suspended")) {
      condition("Suspended", "False", "JobResumed", "Job resumed");
      step_.notes.push_back({"Resumed", "Job resumed"});
      json::set(shown_, "status.startTime", rfc3339(now_));
      return;
    }
    if (json::find(job_, "status.startTime") == nullptr) json::set(shown_, "status.startTime", rfc3339(now_));
  }

  void count() {
    std::map<std::string, const Object*> by_uid;
    for (const auto& pod : pods_) by_uid[std::string(kube::uid(pod))] = &pod;
    for (auto& [kind, uids] : uncounted_)
      for (auto it = uids.begin(); it != uids.end();) {
        const auto pod = by_uid.find(*it);
        if (pod != by_uid.end() && is_tracked(*pod->second)) {
          untrack(*pod->second);
          ++it;
          continue;
        }
        const std::string path = "status." + kind;
        json::set(shown_, path, json::num(shown_, path) + 1);
        it = uids.erase(it);
      }
    for (const auto& pod : pods_) {
      if (!is_tracked(pod)) continue;
      const char* kind = succeeded(pod) ? "succeeded" : failed(pod) ? "failed" : nullptr;
      if (kind != nullptr) uncounted_[kind].insert(std::string(kube::uid(pod)));
    }
    for (const auto& pod : pods_) {
      if (is_active(pod)) active_.push_back(&pod);
      if (kube::deleting(pod) && !has_ended(pod)) ++terminating_;
    }
  }

  std::int64_t total(const char* kind) const {
    const auto uids = uncounted_.find(kind);
    return json::num(shown_, std::string("status.") + kind) +
           (uids == uncounted_.end() ? 0 : static_cast<std::int64_t>(uids->second.size()));
  }

  std::optional<Outcome> decide() {
    if (const json::value* target = kube::condition(job_, "FailureTarget"))
      return json::str(*target, "reason") == kDeadline.reason ? kDeadline : kBackoff;
    if (kube::condition_is_true(job_, "SuccessCriteriaMet")) return kComplete;
    const auto limit = json::num(job_, "spec.backoffLimit", 6);
    std::int64_t restarts = 0;
    if (json::str(job_, "spec.template.spec.restartPolicy") == "OnFailure")
      for (const Object* pod : active_) restarts += restarts_of(*pod);
    if (total("failed") > limit || (restarts > 0 && restarts >= limit)) return kBackoff;
    if (const json::value* deadline = json::find(job_, "spec.activeDeadlineSeconds");
        deadline != nullptr && !suspended()) {
      const Time until = time_at(shown_, "status.startTime").value_or(now_) +
                         seconds_of(json::num(job_, "spec.activeDeadlineSeconds"));
      if (until <= now_) return kDeadline;
      step_.look_within(until - now_);
    }
    const auto done = total("succeeded");
    if (completions_ ? done >= *completions_ : done > 0 && active_.empty()) return kComplete;
    return std::nullopt;
  }

  // Its end is said when nothing of it runs any more and all is counted.
  void finish(const Outcome& outcome) {
    const bool complete = outcome.condition == std::string_view("Complete");
    condition(complete ? "SuccessCriteriaMet" : "FailureTarget", "True", outcome.reason, outcome.message);
    for (const Object* pod : active_) step_.remove.push_back(*pod);
    const bool waits = !active_.empty() || terminating_ > 0 ||
                       std::ranges::any_of(uncounted_, [](const auto& kind) { return !kind.second.empty(); });
    active_.clear();
    if (waits) return;
    condition(outcome.condition, "True", outcome.reason, outcome.message);
    if (complete) json::set(shown_, "status.completionTime", rfc3339(now_));
    step_.notes.push_back(complete ? Note{"Completed", "Job completed"} : Note{outcome.reason, outcome.message, true});
  }

  void keep_up() {
    if (suspended()) {
      for (const Object* pod : active_) take_away(*pod);
      active_.clear();
      return;
    }
    const auto done = total("succeeded"), running = static_cast<std::int64_t>(active_.size());
    auto wanted = completions_ ? std::min(parallel_, *completions_ - done) : done > 0 ? running : parallel_;
    wanted = std::max<std::int64_t>(0, wanted);
    if (running > wanted) order_for_deletion(active_);
    for (auto i = wanted; i < running; ++i) take_away(*active_[static_cast<size_t>(i - wanted)]);
    if (running > wanted) active_.erase(active_.begin(), active_.begin() + (running - wanted));
    if (running >= wanted || paused()) return;
    for (auto i = running; i < std::min(wanted, running + kBurst); ++i) {
      Object pod = pod_from(job_, *json::find(job_, "spec.template"));
      json::set(pod, "metadata.generateName", std::string(kube::name(job_)) + "-");
      json::make_array(pod, "metadata.finalizers").emplace_back(kJobTracking);
      json::make_object(pod, "metadata.labels")[kJobName] = kube::name(job_);
      step_.create.push_back(std::move(pod));
    }
  }

  // Whether the last failure is too fresh for another try.
  bool paused() {
    std::optional<Time> last, last_success;
    std::int64_t failures = 0;
    for (const auto& pod : pods_)
      if (succeeded(pod)) last_success = std::max(last_success, end_of(pod));
    for (const auto& pod : pods_)
      if (failed(pod) && end_of(pod) && end_of(pod) > last_success) {
        last = std::max(last, end_of(pod));
        ++failures;
      }
    if (!last) return false;
    Duration pause = kFirstPause;
    for (std::int64_t i = 1; i < failures && pause < kLongestPause; ++i) pause *= 2;
    const Time until = *last + std::min(pause, kLongestPause);
    if (until <= now_) return false;
    step_.look_within(until - now_);
    return true;
  }

  // One that is not wanted any more counts neither as a success nor as a failure.
  void take_away(const Object& pod) {
    if (is_tracked(pod)) untrack(pod);
    step_.remove.push_back(pod);
  }

  void untrack(const Object& pod) {
    Object update = pod;
    auto& finalizers = json::make_array(update, "metadata.finalizers");
    finalizers.erase(std::ranges::remove(finalizers, json::value(kJobTracking)).begin(), finalizers.end());
    step_.update.push_back(std::move(update));
  }

  void write_counts() {
    std::int64_t ready = 0;
    for (const Object* pod : active_) ready += is_ready(*pod) ? 1 : 0;
    if (active_.empty())
      json::remove(shown_, "status.active");
    else
      json::set(shown_, "status.active", static_cast<std::int64_t>(active_.size()));
    json::set(shown_, "status.ready", ready);
    json::set(shown_, "status.terminating", terminating_);
    json::object uncounted;
    for (const auto& [kind, uids] : uncounted_)
      if (!uids.empty()) uncounted[kind] = json::array(uids.begin(), uids.end());
    json::set(shown_, "status.uncountedTerminatedPods", std::move(uncounted));
  }

  void condition(const char* type, const char* status, const char* reason, const char* message) {
    kube::set_condition(shown_, type, status, reason, message, rfc3339(now_));
    for (auto& condition : json::make_array(shown_, "status.conditions"))
      if (json::str(condition, "type") == type && json::str(condition, "lastProbeTime").empty())
        json::set(condition, "lastProbeTime", rfc3339(now_));
  }

  const Object& job_;
  const std::vector<Object>& pods_;
  Time now_;
  Object shown_;  // with the status as it will be
  std::int64_t parallel_ = 1, terminating_ = 0;
  std::optional<std::int64_t> completions_;
  std::map<std::string, std::set<std::string>> uncounted_;  // uids, by "succeeded" and "failed"
  std::vector<const Object*> active_;
  Step step_;
};

}  // namespace

Step next_of_job(const Object& job, const std::vector<Object>& pods, Time now) { return Run(job, pods, now).next(); }

}  // namespace spoke::cluster
