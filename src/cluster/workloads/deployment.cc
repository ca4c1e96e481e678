#include "cluster/workloads/deployment.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/strings.h"
#include "cluster/workloads/workload_pods.h"

namespace spoke::cluster {
namespace {

constexpr const char* kHash = "pod-template-hash";
constexpr const char* kRevision = "deployment.kubernetes.io/revision";
constexpr const char* kDesired = "deployment.kubernetes.io/desired-replicas";
constexpr const char* kMost = "deployment.kubernetes.io/max-replicas";
constexpr const char* kHistory = "deployment.kubernetes.io/revision-history";
constexpr const char* kApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::int64_t kNoDeadline = 2147483647;

json::value without_hash(json::value pod_template) {
  json::value* labels = json::find(pod_template, "metadata.labels");
  if (labels == nullptr || !labels->is_object()) return pod_template;
  labels->get_object().erase(kHash);
  if (labels->get_object().empty()) json::remove(pod_template, "metadata.labels");  // as if there had been none
  if (json::members(pod_template, "metadata").empty()) json::remove(pod_template, "metadata");
  return pod_template;
}

std::int64_t revision_of(const Object& o) { return to_int(kube::annotation(o, kRevision)).value_or(0); }
std::int64_t replicas_of(const Object& o) { return json::num(o, "spec.replicas"); }
std::int64_t available_of(const Object& set) { return json::num(set, "status.availableReplicas"); }

template <class Of>
std::int64_t sum(const std::vector<const Object*>& sets, Of of) {
  return std::accumulate(sets.begin(), sets.end(), std::int64_t{0},
                         [&](std::int64_t n, const Object* set) { return n + of(*set); });
}

class Rollout {
 public:
  Rollout(const Object& deployment, const std::vector<Object>& sets, const std::vector<Object>& pods, Time now)
      : deployment_(deployment), pods_(pods), now_(now), wanted_(replicas_of(deployment)) {
    for (const auto& set : sets) all_.push_back(&set);
    std::ranges::sort(all_, [](const Object* a, const Object* b) {
      const auto age = [](const Object* o) { return json::str(*o, "metadata.creationTimestamp"); };
      return std::pair(age(a), kube::name(*a)) < std::pair(age(b), kube::name(*b));
    });
    const json::value pod_template = without_hash(*json::find(deployment, "spec.template"));
    for (const Object* set : all_)
      if (new_ == nullptr &&
          json::sorted(without_hash(*json::find(*set, "spec.template"))) == json::sorted(pod_template))
        new_ = set;
      else
        old_.push_back(set);
    if (rolls()) {
      surge_ = part_of(json::find(deployment, "spec.strategy.rollingUpdate.maxSurge"), wanted_, true);
      unavailable_ = part_of(json::find(deployment, "spec.strategy.rollingUpdate.maxUnavailable"), wanted_, false);
      if (surge_ == 0 && unavailable_ == 0) unavailable_ = 1;
      unavailable_ = std::min(unavailable_, wanted_);
    }
  }

  Step next() {
    if (!kube::deleting(deployment_)) {
      if (json::flag(deployment_, "spec.paused"))
        scale_only();
      else if (known())
        roll();
    }
    step_.status = status();
    return std::move(step_);
  }

 private:
  bool rolls() const { return json::str(deployment_, "spec.strategy.type") != "Recreate"; }

  // Whether the sets' controller has acted on what was asked of them the last time.
  bool known() const {
    return std::ranges::all_of(all_, [](const Object* set) {
      return json::num(*set, "status.observedGeneration") >= json::num(*set, "metadata.generation");
    });
  }

  // In the middle of a rollout the newest set alone follows a change of the number.
  void scale_only() {
    std::vector<const Object*> active;
    for (const Object* set : all_)
      if (replicas_of(*set) > 0) active.push_back(set);
    if (active.empty() && new_ != nullptr) active.push_back(new_);
    if (active.empty() && !all_.empty()) active.push_back(all_.back());
    if (active.empty() || !known()) return;
    const Object& last = *active.back();
    if (active.size() == 1) return scale(last, wanted_);
    const auto before = to_int(kube::annotation(last, kDesired)).value_or(wanted_);
    scale(last, std::max<std::int64_t>(1, replicas_of(last) + wanted_ - before));
  }

  void roll() {
    if (!rolls()) {
      for (const Object* set : old_) scale(*set, 0);
      // No pod of the old ones beside one of the new.
      if (std::ranges::any_of(pods_, [&](const Object& pod) {
            return !has_ended(pod) &&
                   std::ranges::any_of(old_, [&](const Object* set) { return kube::owned_by(pod, kube::uid(*set)); });
          }))
        return;
    }
    if (new_ == nullptr) return make_new();
    revise();
    if (!rolls()) return scale(*new_, wanted_), clean_up();
    if (const auto to = new_replicas(replicas_of(*new_)); to != replicas_of(*new_)) return scale(*new_, to);
    scale_down_old();
    clean_up();
  }

  // How many pods the new set may have by now.
  std::int64_t new_replicas(std::int64_t has) const {
    if (!rolls() || has > wanted_) return wanted_;
    const auto room = wanted_ + surge_ - sum(all_, replicas_of);
    return room <= 0 ? has : has + std::min(room, wanted_ - has);
  }

  std::int64_t next_revision() const {
    std::int64_t last = 0;
    for (const Object* set : old_) last = std::max(last, revision_of(*set));
    return last + 1;
  }

  // As kubectl's history and undo read them.
  void annotate(Object& set, std::int64_t revision) const {
    auto& annotations = json::make_object(set, "metadata.annotations");
    for (const auto& [name, value] : json::members(deployment_, "metadata.annotations"))
      if (name != kApplied && name != kRevision && name != kDesired && name != kMost && name != kHistory)
        annotations[name] = value;
    annotations[kRevision] = std::to_string(revision);
    annotations[kDesired] = std::to_string(wanted_);
    annotations[kMost] = std::to_string(wanted_ + surge_);
  }

  void make_new() {
    const auto again = json::num(deployment_, "status.collisionCount");
    json::value pod_template = *json::find(deployment_, "spec.template");
    const std::string hash = template_hash(pod_template, again);
    json::make_object(pod_template, "metadata.labels")[kHash] = hash;
    Object selector = *json::find(deployment_, "spec.selector");
    json::make_object(selector, "matchLabels")[kHash] = hash;
    const std::string name = fmt::format("{}-{}", kube::name(deployment_), hash);
    Object set = json::object{
        {"apiVersion", "apps/v1"},
        {"kind", "ReplicaSet"},
        {"metadata", json::object{{"name", name},
                                  {"namespace", kube::ns(deployment_)},
                                  {"labels", *json::find(pod_template, "metadata.labels")},
                                  {"ownerReferences", json::array{kube::controller_ref(deployment_)}}}},
        {"spec",
         json::object{{"replicas", new_replicas(0)}, {"selector", std::move(selector)}, {"template", pod_template}}}};
    if (const auto seconds = json::num(deployment_, "spec.minReadySeconds"); seconds != 0)
      json::set(set, "spec.minReadySeconds", seconds);
    const auto revision = next_revision();
    annotate(set, revision);
    note_scaled(name, 0, replicas_of(set));
    step_.create.push_back(std::move(set));
    say_revision(revision);
    progress("True", "NewReplicaSetCreated", fmt::format("Created new replica set \"{}\"", name));
  }

  // An old template that is the wanted one again is the newest revision.
  void revise() {
    const auto revision = std::max(revision_of(*new_), next_revision());
    Object& set = changed(*new_);
    annotate(set, revision);
    json::set(set, "spec.minReadySeconds", json::num(deployment_, "spec.minReadySeconds"));
    if (json::num(deployment_, "spec.minReadySeconds") == 0) json::remove(set, "spec.minReadySeconds");
    if (set == *new_) drop_unchanged();
    say_revision(revision);
    if (kube::condition(deployment_, "Progressing") == nullptr)
      progress("True", "FoundNewReplicaSet", fmt::format("Found new replica set \"{}\"", kube::name(*new_)));
  }

  void drop_unchanged() { step_.update.pop_back(); }

  void say_revision(std::int64_t revision) {
    if (revision_of(deployment_) == revision) return;
    Object self = deployment_;
    json::make_object(self, "metadata.annotations")[kRevision] = std::to_string(revision);
    step_.update.push_back(std::move(self));
  }

  // The copy of it that is to be written.
  Object& changed(const Object& object) {
    for (auto& update : step_.update)
      if (kube::uid(update) == kube::uid(object)) return update;
    step_.update.push_back(object);
    return step_.update.back();
  }

  void scale(const Object& set, std::int64_t to) {
    if (replicas_of(set) == to) return;
    Object& update = changed(set);
    json::set(update, "spec.replicas", to);
    auto& annotations = json::make_object(update, "metadata.annotations");
    annotations[kDesired] = std::to_string(wanted_);
    annotations[kMost] = std::to_string(wanted_ + surge_);
    note_scaled(std::string(kube::name(set)), replicas_of(set), to);
  }

  void note_scaled(const std::string& name, std::int64_t from, std::int64_t to) {
    if (from != to)
      step_.notes.push_back({"ScalingReplicaSet", fmt::format("Scaled {} replica set {} from {} to {}",
                                                              to > from ? "up" : "down", name, from, to)});
  }

  // First what does not work anyway, then as many as the rest can spare.
  void scale_down_old() {
    const auto least = wanted_ - unavailable_;
    const auto all = sum(all_, replicas_of);
    const auto coming = replicas_of(*new_) - available_of(*new_);
    auto may_go = all - least - coming;
    if (may_go <= 0) return;
    std::vector<std::int64_t> left;
    left.reserve(old_.size());
    for (const Object* set : old_) {
      const auto sick = std::clamp<std::int64_t>(replicas_of(*set) - available_of(*set), 0, may_go);
      may_go -= sick;
      left.push_back(replicas_of(*set) - sick);
    }
    auto spare = std::max<std::int64_t>(0, sum(all_, available_of) - least);
    for (size_t i = 0; i < old_.size(); ++i) {
      const auto fewer = std::min(left[i], spare);
      spare -= fewer;
      scale(*old_[i], left[i] - fewer);
    }
  }

  bool complete() const {
    return new_ != nullptr &&
           sum(all_, [](const Object& set) { return json::num(set, "status.replicas"); }) == wanted_ &&
           json::num(*new_, "status.replicas") == wanted_ && available_of(*new_) == wanted_;
  }

  void clean_up() {
    const json::value* limit = json::find(deployment_, "spec.revisionHistoryLimit");
    if (limit == nullptr || !complete()) return;
    std::vector<const Object*> empty;
    for (const Object* set : old_)
      if (replicas_of(*set) == 0 && json::num(*set, "status.replicas") == 0 && !kube::deleting(*set))
        empty.push_back(set);
    std::ranges::sort(empty, {}, [](const Object* set) { return revision_of(*set); });
    const auto keep = static_cast<size_t>(std::max<std::int64_t>(0, limit->to_number<std::int64_t>()));
    for (size_t i = 0; i + keep < empty.size(); ++i) step_.remove.push_back(*empty[i]);
  }

  void progress(std::string_view status, std::string_view reason, std::string message) {
    progress_ = Progress{std::string(status), std::string(reason), std::move(message)};
  }

  json::object status() {
    const auto total = sum(all_, [](const Object& set) { return json::num(set, "status.replicas"); });
    const auto ready = sum(all_, [](const Object& set) { return json::num(set, "status.readyReplicas"); });
    const auto available = sum(all_, available_of);
    const auto updated = new_ != nullptr ? json::num(*new_, "status.replicas") : 0;
    json::object status{{"observedGeneration", json::num(deployment_, "metadata.generation")}};
    for (const auto& [name, count] :
         {std::pair{"replicas", total},
          {"updatedReplicas", updated},
          {"readyReplicas", ready},
          {"availableReplicas", available},
          {"unavailableReplicas", std::max<std::int64_t>(0, sum(all_, replicas_of) - available)},
          {"collisionCount", json::num(deployment_, "status.collisionCount")}})
      if (count != 0) status[name] = count;
    Object shown = json::object{{"status", std::move(status)}};
    if (const auto& conditions = json::list(deployment_, "status.conditions"); !conditions.empty())
      json::set(shown, "status.conditions", conditions);
    const bool enough = available >= wanted_ - unavailable_;
    set_condition(shown, "Available", enough ? "True" : "False",
                  enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                  enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.");
    tell_progress(shown, updated, total, ready, available);
    return json::members(shown, "status");
  }

  void tell_progress(Object& shown, std::int64_t updated, std::int64_t total, std::int64_t ready,
                     std::int64_t available) {
    const json::value* before = kube::condition(deployment_, "Progressing");
    const std::string reason(before != nullptr ? json::str(*before, "reason") : "");
    if (json::flag(deployment_, "spec.paused")) {
      if (reason != "ProgressDeadlineExceeded")
        set_condition(shown, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
      return;
    }
    if (reason == "DeploymentPaused" && !progress_) progress("Unknown", "DeploymentResumed", "Deployment is resumed");
    const auto deadline = json::num(deployment_, "spec.progressDeadlineSeconds", kNoDeadline);
    if (!progress_ && new_ != nullptr) {
      const std::string name(kube::name(*new_));
      const auto was = [&](const char* member) { return json::num(deployment_, std::string("status.") + member); };
      const bool moved = updated > was("updatedReplicas") || ready > was("readyReplicas") ||
                         available > was("availableReplicas") ||
                         total - updated < was("replicas") - was("updatedReplicas");
      if (complete()) {
        if (reason != "NewReplicaSetAvailable")
          progress("True", "NewReplicaSetAvailable",
                   fmt::format("ReplicaSet \"{}\" has successfully progressed.", name));
      } else if (moved && deadline != kNoDeadline && !(reason == "NewReplicaSetAvailable" && total == updated)) {
        progress("True", "ReplicaSetUpdated", fmt::format("ReplicaSet \"{}\" is progressing.", name));
      } else if (deadline != kNoDeadline && reason != "NewReplicaSetAvailable" &&
                 reason != "ProgressDeadlineExceeded" && before != nullptr) {
        const auto since = parse_rfc3339(json::str(*before, "lastUpdateTime")).value_or(now_);
        const Time until = since + seconds_of(deadline);
        if (until <= now_)
          progress("False", "ProgressDeadlineExceeded",
                   fmt::format("ReplicaSet \"{}\" has timed out progressing.", name));
        else
          step_.look_within(until - now_);
      }
    }
    if (progress_) set_condition(shown, "Progressing", progress_->status, progress_->reason, progress_->message);
  }

  void set_condition(Object& shown, std::string_view type, std::string_view status, std::string_view reason,
                     std::string_view message) const {
    const json::value* before = kube::condition(deployment_, type);
    // What is said already keeps its time; that a rollout goes on is said anew each time.
    if (before != nullptr && json::str(*before, "status") == status && json::str(*before, "reason") == reason &&
        reason != "ReplicaSetUpdated")
      return;
    kube::set_condition(shown, type, status, reason, message, rfc3339(now_));
    for (auto& condition : json::make_array(shown, "status.conditions"))
      if (json::str(condition, "type") == type) json::set(condition, "lastUpdateTime", rfc3339(now_));
  }

  struct Progress {
    std::string status, reason, message;
  };

  const Object& deployment_;
  const std::vector<Object>& pods_;
  Time now_;
  std::int64_t wanted_, surge_ = 0, unavailable_ = 0;
  std::vector<const Object*> all_, old_;  // the oldest first
  const Object* new_ = nullptr;
  Step step_;
  std::optional<Progress> progress_;
};

}  // namespace

Step next_of_deployment(const Object& deployment, const std::vector<Object>& sets, const std::vector<Object>& pods,
                        Time now) {
  return Rollout(deployment, sets, pods, now).next();
}

}  // namespace spoke::cluster
