#include "cluster/workloads/stateful_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/strings.h"
#include "cluster/workloads/workload_pods.h"

namespace spoke::cluster {
namespace {

constexpr const char* kPodName = "statefulset.kubernetes.io/pod-name";
constexpr const char* kPodIndex = "apps.kubernetes.io/pod-index";
constexpr const char* kRevisionLabel = "controller-revision-hash";
constexpr const char* kRevisionHash = "controller.kubernetes.io/hash";

// The number in NAME-NUMBER, where NAME is the set's.
std::optional<std::int64_t> ordinal_of(std::string_view name, std::string_view set) {
  if (!name.starts_with(set) || name.size() < set.size() + 2 || name[set.size()] != '-') return std::nullopt;
  const std::string_view digits = name.substr(set.size() + 1);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return to_int(digits);
}

json::value data_of(const json::value& pod_template) {
  json::value kept = pod_template;
  json::set(kept, "$patch", "replace");
  return json::object{{"spec", json::object{{"template", std::move(kept)}}}};
}

class Ordered {
 public:
  Ordered(const Object& set, const StatefulParts& parts, Time now)
      : set_(set),
        parts_(parts),
        now_(now),
        name_(kube::name(set)),
        first_(json::num(set, "spec.ordinals.start")),
        wanted_(json::num(set, "spec.replicas")),
        one_by_one_(json::str(set, "spec.podManagementPolicy") != "Parallel") {
    for (const auto& pod : parts.pods)
      if (const auto ordinal = ordinal_of(kube::name(pod), name_)) pods_[*ordinal] = &pod;
  }

  Step next() {
    choose_revisions();
    if (!kube::deleting(set_)) {
      settle_claims();
      move();
      forget_revisions();
    }
    step_.status = status();
    return std::move(step_);
  }

 private:
  void choose_revisions() {
    const json::value& pod_template = *json::find(set_, "spec.template");
    const json::value data = data_of(pod_template);
    const Object* same = nullptr;
    std::int64_t last = 0;
    for (const auto& revision : parts_.revisions) {
      last = std::max(last, json::num(revision, "revision"));
      const json::value* its = json::find(revision, "data");
      if (its != nullptr && json::sorted(*its) == json::sorted(data)) same = &revision;
    }
    if (same != nullptr) {
      update_ = kube::name(*same);
      if (json::num(*same, "revision") < last) {  // back to an older one
        Object newest = *same;
        json::set(newest, "revision", last + 1);
        step_.update.push_back(std::move(newest));
      }
    } else if (!kube::deleting(set_)) {
      const std::string hash = template_hash(pod_template, json::num(set_, "status.collisionCount"));
      update_ = name_ + "-" + hash;
      json::object labels = json::members(set_, "spec.template.metadata.labels");
      labels[kRevisionHash] = hash;
      step_.create.push_back(
          json::object{{"apiVersion", "apps/v1"},
                       {"kind", "ControllerRevision"},
                       {"metadata", json::object{{"name", update_},
                                                 {"namespace", kube::ns(set_)},
                                                 {"labels", std::move(labels)},
                                                 {"ownerReferences", json::array{kube::controller_ref(set_)}}}},
                       {"data", data},
                       {"revision", last + 1}});
    }
    current_ = json::str(set_, "status.currentRevision");
    if (current_.empty() || revision(current_) == nullptr) current_ = update_;
  }

  const Object* revision(std::string_view name) const {
    for (const auto& revision : parts_.revisions)
      if (kube::name(revision) == name) return &revision;
    return nullptr;
  }

  bool healthy(const Object& pod) {
    return !kube::deleting(pod) && json::str(pod, "status.phase") == "Running" &&
           is_available(pod, json::num(set_, "spec.minReadySeconds"), now_, step_);
  }

  void move() {
    bool ready = true;  // all before
    for (auto i = first_; i < first_ + wanted_; ++i) {
      if (std::ssize(step_.create) >= kBurst) return;
      const auto there = pods_.find(i);
      if (there == pods_.end()) {
        make(i);
        ready = false;
      } else if (const Object& pod = *there->second; !healthy(pod)) {
        // One that has ended is made anew under its name.
        if (has_ended(pod) && !kube::deleting(pod)) take(pod);
        ready = false;
      }
      if (!ready && one_by_one_) return;
    }
    if (const bool going = shrink(); going && one_by_one_) return;
    if (ready || !one_by_one_) roll();
  }

  // The highest first.
  bool shrink() {
    bool going = false;
    for (auto it = pods_.rbegin(); it != pods_.rend(); ++it) {
      if (it->first >= first_ && it->first < first_ + wanted_) continue;
      going = true;
      if (!kube::deleting(*it->second)) take(*it->second);
      if (one_by_one_) break;
    }
    return going;
  }

  // From the highest down to the partition, each when the one after it is ready again.
  void roll() {
    if (json::str(set_, "spec.updateStrategy.type") == "OnDelete") return;
    const auto until = first_ + partition();
    for (auto i = first_ + wanted_ - 1; i >= until; --i) {
      const auto there = pods_.find(i);
      if (there == pods_.end()) return;
      const Object& pod = *there->second;
      if (kube::label(pod, kRevisionLabel) != update_ && !kube::deleting(pod)) return take(pod);
      if (!healthy(pod)) return;
    }
  }

  std::int64_t partition() const { return json::num(set_, "spec.updateStrategy.rollingUpdate.partition"); }

  void take(const Object& pod) {
    step_.remove.push_back(pod);
    step_.notes.push_back(
        {"SuccessfulDelete", fmt::format("delete Pod {} in StatefulSet {} successful", kube::name(pod), name_)});
  }

  void make(std::int64_t ordinal) {
    // Below the partition a pod comes back as it was.
    const bool rolling = json::str(set_, "spec.updateStrategy.type") != "OnDelete";
    const Object* old = rolling && ordinal < first_ + partition() ? revision(current_) : nullptr;
    const json::value* of_old = old != nullptr ? json::find(*old, "data.spec.template") : nullptr;
    if (of_old == nullptr || !of_old->is_object()) old = nullptr;
    json::value pod_template = old != nullptr ? *of_old : *json::find(set_, "spec.template");
    json::remove(pod_template, "$patch");
    const std::string name = fmt::format("{}-{}", name_, ordinal);
    Object pod = pod_from(set_, pod_template);
    json::set(pod, "metadata.name", name);
    json::set(pod, "metadata.generateName", name_ + "-");
    auto& labels = json::make_object(pod, "metadata.labels");
    labels[kPodName] = name;
    labels[kPodIndex] = std::to_string(ordinal);
    labels[kRevisionLabel] = old != nullptr ? current_ : update_;
    json::set(pod, "spec.hostname", name);
    json::set(pod, "spec.subdomain", json::str(set_, "spec.serviceName"));
    for (const auto& claim : json::list(set_, "spec.volumeClaimTemplates")) claim_for(pod, claim, name);
    step_.create.push_back(std::move(pod));
    step_.notes.push_back({"SuccessfulCreate", fmt::format("create Pod {} in StatefulSet {} successful", name, name_)});
  }

  void claim_for(Object& pod, const json::value& claim_template, const std::string& pod_name) {
    const std::string volume(kube::name(claim_template)), name = volume + "-" + pod_name;
    auto& volumes = json::make_array(pod, "spec.volumes");
    const auto same = [&](const json::value& v) { return json::str(v, "name") == volume; };
    volumes.erase(std::ranges::remove_if(volumes, same).begin(), volumes.end());
    volumes.push_back(json::object{{"name", volume}, {"persistentVolumeClaim", json::object{{"claimName", name}}}});
    if (std::ranges::any_of(parts_.claims, [&](const Object& claim) { return kube::name(claim) == name; })) return;
    Object claim = claim_template;
    json::remove(claim, "status");
    json::set(claim, "apiVersion", "v1");
    json::set(claim, "kind", "PersistentVolumeClaim");
    json::set(claim, "metadata.name", name);
    json::set(claim, "metadata.namespace", kube::ns(set_));
    auto& labels = json::make_object(claim, "metadata.labels");
    for (const auto& [label, value] : json::members(set_, "spec.selector.matchLabels")) labels[label] = value;
    step_.create.push_back(std::move(claim));  // before the pod
  }

  bool retains(const char* when) const {
    return json::str(set_, std::string("spec.persistentVolumeClaimRetentionPolicy.") + when) != "Delete";
  }

  // Whose the claims of each pod are, so that garbage collection takes them when they are to go: with the set, or with
  // a pod of which a smaller set has no use. Claims of pods that are not there are left alone.
  void settle_claims() {
    for (const auto& [ordinal, pod] : pods_) {
      const bool condemned = ordinal < first_ || ordinal >= first_ + wanted_;
      const bool with_pod = condemned && !retains("whenScaled");
      for (const auto& claim_template : json::list(set_, "spec.volumeClaimTemplates")) {
        const std::string name = fmt::format("{}-{}", kube::name(claim_template), kube::name(*pod));
        for (const auto& claim : parts_.claims)
          if (kube::name(claim) == name && !kube::deleting(claim))
            own(claim, with_pod ? pod : nullptr, !retains("whenDeleted") && !with_pod);
      }
    }
  }

  void own(const Object& claim, const Object* with_pod, bool with_set) {
    Object changed = claim;
    auto& owners = json::make_array(changed, "metadata.ownerReferences");
    const auto ours = [&](const json::value& owner) {
      const std::string_view kind = json::str(owner, "kind"), uid = json::str(owner, "uid");
      return uid == kube::uid(set_) || (kind == "Pod" && std::ranges::any_of(parts_.pods, [&](const auto& pod) {
                                          return kube::uid(pod) == uid;
                                        }));
    };
    owners.erase(std::ranges::remove_if(owners, ours).begin(), owners.end());
    if (with_set) owners.push_back(kube::controller_ref(set_));
    if (with_pod != nullptr) owners.push_back(kube::controller_ref(*with_pod));
    if (owners.empty()) json::remove(changed, "metadata.ownerReferences");
    if (changed != claim) step_.update.push_back(std::move(changed));
  }

  void forget_revisions() {
    std::vector<const Object*> old;
    for (const auto& revision : parts_.revisions) {
      const std::string_view name = kube::name(revision);
      const bool used = name == update_ || name == current_ || std::ranges::any_of(parts_.pods, [&](const Object& pod) {
                          return kube::label(pod, kRevisionLabel) == name;
                        });
      if (!used) old.push_back(&revision);
    }
    std::ranges::sort(old, {}, [](const Object* revision) { return json::num(*revision, "revision"); });
    const auto keep = static_cast<size_t>(std::max<std::int64_t>(0, json::num(set_, "spec.revisionHistoryLimit", 10)));
    for (size_t i = 0; i + keep < old.size(); ++i) step_.remove.push_back(*old[i]);
  }

  json::object status() {
    std::int64_t there = 0, ready = 0, available = 0, current = 0, updated = 0;
    for (const auto& pod : parts_.pods) {
      if (has_ended(pod)) continue;
      ++there;
      ready += is_ready(pod) && json::str(pod, "status.phase") == "Running" ? 1 : 0;
      available += healthy(pod) ? 1 : 0;
      if (kube::deleting(pod)) continue;
      current += kube::label(pod, kRevisionLabel) == current_ ? 1 : 0;
      updated += kube::label(pod, kRevisionLabel) == update_ ? 1 : 0;
    }
    const bool rolls = json::str(set_, "spec.updateStrategy.type") != "OnDelete";
    if (rolls && updated == there && ready == there && updated == wanted_) {
      current_ = update_;
      current = updated;
    }
    json::object status{{"observedGeneration", json::num(set_, "metadata.generation")}, {"replicas", there}};
    for (const auto& [name, count] :
         {std::pair{"readyReplicas", ready}, {"currentReplicas", current}, {"updatedReplicas", updated}})
      if (count != 0) status[name] = count;
    status["currentRevision"] = current_;
    status["updateRevision"] = update_;
    status["collisionCount"] = json::num(set_, "status.collisionCount");
    status["availableReplicas"] = available;
    return status;
  }

  const Object& set_;
  const StatefulParts& parts_;
  Time now_;
  std::string name_;
  std::int64_t first_, wanted_;
  bool one_by_one_;
  std::map<std::int64_t, const Object*> pods_;
  std::string current_, update_;
  Step step_;
};

}  // namespace

bool is_named_after(const Object& set, const Object& pod) {
  return ordinal_of(kube::name(pod), kube::name(set)).has_value();
}

Step next_of_stateful_set(const Object& set, const StatefulParts& parts, Time now) {
  return Ordered(set, parts, now).next();
}

}  // namespace spoke::cluster
