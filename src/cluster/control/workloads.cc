// Deployments, ReplicaSets, StatefulSets and Jobs: finds what is theirs, and does what cluster/workloads decides.
#include <algorithm>
#include <map>

#include "base/log.h"
#include "base/strings.h"
#include "cluster/api/object_changes.h"
#include "cluster/api/tell.h"
#include "cluster/control/controllers.h"
#include "cluster/control/watch_kinds.h"
#include "cluster/workloads/deployment.h"
#include "cluster/workloads/job.h"
#include "cluster/workloads/replica_set.h"
#include "cluster/workloads/stateful_set.h"
#include "kube/selector.h"

namespace spoke::cluster {

using net::Task;

namespace {

constexpr const char* kManager = "kube-controller-manager";
constexpr Duration kAfterFailure = std::chrono::seconds(5);

// A refusal in words that do not change from try to try: without the random end of a name that was made up.
std::string without_name(const kube::StatusError& e) {
  std::string message = e.message();
  const std::string name(json::str(e.details(), "name"));
  const auto dash = name.rfind('-');
  if (dash == std::string::npos) return message;
  for (auto at = message.find(name); at != std::string::npos; at = message.find(name, at + dash))
    message.replace(at, name.size(), name.substr(0, dash + 1));
  return message;
}

class Workloads {
 public:
  explicit Workloads(Registry& registry)
      : registry_(registry),
        pods_(type("", "v1", "pods")),
        claims_(type("", "v1", "persistentvolumeclaims")),
        deployments_(type("apps", "v1", "deployments")),
        replica_sets_(type("apps", "v1", "replicasets")),
        stateful_sets_(type("apps", "v1", "statefulsets")),
        revisions_(type("apps", "v1", "controllerrevisions")),
        jobs_(type("batch", "v1", "jobs")) {}

  Task<std::optional<Duration>> look(std::string ns) {
    again_.reset();
    co_await each(deployments_, ns, &Workloads::look_at_deployment);
    co_await each(replica_sets_, ns, &Workloads::look_at_replica_set);
    co_await each(stateful_sets_, ns, &Workloads::look_at_stateful_set);
    const bool jobs = co_await each(jobs_, ns, &Workloads::look_at_job);
    // Of Jobs of an earlier life of this process, too.
    const bool had_jobs = had_jobs_.emplace(ns, true).first->second;
    if (jobs || had_jobs) had_jobs_[ns] = co_await release_pods_of_lost_jobs(ns) || jobs;
    co_return again_;
  }

 private:
  const ResourceType& type(const char* group, const char* version, const char* plural) {
    return *registry_.catalog().find(group, version, plural);
  }

  // Each as it is when its turn comes. One that goes wrong does not stop the others. Whether there are any.
  Task<bool> each(const ResourceType& type, const std::string& ns, Task<> (Workloads::*look)(const Object&)) {
    const auto range = registry_.store().range(type.prefix(ns));
    for (const auto& [key, listed] : range) {
      const Entry* entry = registry_.store().latest(key);
      if (entry == nullptr) continue;
      const Object workload = json::parse(*entry->body);
      try {
        co_await (this->*look)(workload);
      } catch (const kube::StatusError& e) {
        log::debug("a look at a workload", "key", key, "error", e.what());
        look_within(kAfterFailure);
      }
    }
    co_return !range.empty();
  }

  std::vector<Object> all(const ResourceType& type, const std::string& ns) const {
    std::vector<Object> out;
    for (const auto& [key, entry] : registry_.store().range(type.prefix(ns))) out.push_back(json::parse(*entry.body));
    return out;
  }

  // What the owner controls and selects. What is selected and has no controller becomes its; what it controls and is
  // no longer selected is let go.
  Task<std::vector<Object>> own(const ResourceType& type, const Object& owner) {
    std::vector<Object> out;
    const auto selector = kube::LabelSelector::from_object(*json::find(owner, "spec.selector"));
    const std::string uid(kube::uid(owner)), ns(kube::ns(owner));
    const bool stateful = kube::kind(owner) == "StatefulSet";
    for (const auto& [key, entry] : registry_.store().range(type.prefix(ns))) {
      const bool owned = std::ranges::find(entry.tags->owners, uid) != entry.tags->owners.end();
      const bool selected = selector.matches(entry.tags->labels);
      if (!owned && !selected) continue;
      Object object = json::parse(*entry.body);
      if (stateful && type.storage == pods_.storage && !is_named_after(owner, object)) continue;
      const json::value* controller = kube::controller_of(object);
      const bool controlled = controller != nullptr && json::str(*controller, "uid") == uid;
      if (controlled && selected) {
        out.push_back(std::move(object));
      } else if (controlled && !kube::deleting(owner)) {
        co_await let_go(std::move(object), uid);
      } else if (controller == nullptr && selected && !kube::deleting(object) && !kube::deleting(owner)) {
        if (auto adopted = co_await adopt(owner, std::move(object))) out.push_back(*std::move(adopted));
      }
    }
    co_return out;
  }

  // Both leave alone what has changed since it was read: there is another look at it.
  Task<std::optional<Object>> adopt(const Object& owner, Object object) {
    json::make_array(object, "metadata.ownerReferences").push_back(kube::controller_ref(owner));
    if (kube::kind(owner) == "Job") {
      json::make_array(object, "metadata.finalizers").emplace_back(kJobTracking);
      json::make_object(object, "metadata.labels")[kJobName] = kube::name(owner);
    }
    co_return co_await try_update(std::move(object));
  }
  Task<> let_go(Object object, std::string uid) {
    auto& owners = json::make_array(object, "metadata.ownerReferences");
    const auto ours = [&](const json::value& owner) { return json::str(owner, "uid") == uid; };
    owners.erase(std::ranges::remove_if(owners, ours).begin(), owners.end());
    drop_finalizer(object, kJobTracking);
    co_await try_update(std::move(object));
  }

  Task<> look_at_deployment(const Object& deployment) {
    const std::vector<Object> sets = co_await own(replica_sets_, deployment);
    std::vector<Object> pods;
    if (json::str(deployment, "spec.strategy.type") == "Recreate")
      for (const auto& set : sets)
        for (auto& pod : co_await own(pods_, set)) pods.push_back(std::move(pod));
    co_await carry_out(deployment, next_of_deployment(deployment, sets, pods, now()));
  }

  Task<> look_at_replica_set(const Object& set) {
    const std::vector<Object> pods = co_await own(pods_, set);
    co_await carry_out(set, next_of_replica_set(set, pods, failure_of(set), now()));
  }

  Task<> look_at_stateful_set(const Object& set) {
    StatefulParts parts;
    parts.pods = co_await own(pods_, set);
    parts.revisions = co_await own(revisions_, set);
    if (!json::list(set, "spec.volumeClaimTemplates").empty()) parts.claims = all(claims_, std::string(kube::ns(set)));
    co_await carry_out(set, next_of_stateful_set(set, parts, now()));
  }

  Task<> look_at_job(const Object& job) {
    const std::vector<Object> pods = co_await own(pods_, job);
    co_await carry_out(job, next_of_job(job, pods, now()));
  }

  // Pods of a Job that is gone are not counted any more. Whether there are pods of any.
  Task<bool> release_pods_of_lost_jobs(const std::string& ns) {
    bool any = false;
    for (const auto& [key, entry] : registry_.store().range(pods_.prefix(ns))) {
      const auto& labels = entry.tags->labels;
      if (std::ranges::none_of(labels, [](const auto& label) { return label.first == kJobName; })) continue;
      any = true;
      Object pod = json::parse(*entry.body);
      const json::value* owner = kube::controller_of(pod);
      const Entry* job =
          owner != nullptr ? registry_.store().latest(jobs_.key(ns, json::str(*owner, "name"))) : nullptr;
      if (job != nullptr && job->tags->uid == json::str(*owner, "uid")) continue;
      if (!has_finalizers(pod)) continue;
      drop_finalizer(pod, kJobTracking);
      co_await try_update(std::move(pod));
    }
    co_return any;
  }

  const std::string& failure_of(const Object& owner) const {
    static const std::string none;
    const auto found = failures_.find(std::string(kube::uid(owner)));
    return found == failures_.end() ? none : found->second;
  }

  Task<> carry_out(const Object& owner, Step step) {
    look_within(step.look_again);
    std::string failure;
    bool taken = false;
    for (auto& object : step.create) {
      if (!failure.empty()) break;
      try {
        co_await create(owner, std::move(object));
      } catch (const kube::StatusError& e) {
        failure = without_name(e);
        taken = e.is("AlreadyExists") && kube::kind(owner) == "Deployment";
      }
    }
    if (failure.empty() && std::ssize(step.create) >= kBurst) look_within(Duration(0));
    if (!co_await change(owner, step)) co_return;
    if (taken && step.status) (*step.status)["collisionCount"] = json::num(owner, "status.collisionCount") + 1;
    if (step.status && *step.status != json::members(owner, "status")) co_await write_status(owner, *step.status);
    if (failure.empty()) {
      failures_.erase(std::string(kube::uid(owner)));
      for (auto& note : step.notes) co_await say(owner, std::move(note));
      co_return;
    }
    look_within(kAfterFailure);
    std::string& said = failures_[std::string(kube::uid(owner))];
    if (std::exchange(said, failure) != failure)
      co_await say(owner, {"FailedCreate", "Error creating: " + failure, true});
  }

  Task<> create(const Object& owner, Object object) {
    const ResourceType& type = *registry_.catalog().by_kind(json::str(object, "apiVersion"), kube::kind(object));
    const bool tells = type.storage == pods_.storage && kube::kind(owner) != "StatefulSet";
    const Outcome made = co_await registry_.create(type, std::string(kube::ns(owner)), std::move(object), by_us());
    if (tells)
      co_await say(owner, {"SuccessfulCreate", fmt::format("Created pod: {}", kube::name(json::parse(made.body)))});
  }

  // Whether all went through; where not, what is there has changed since it was read, and there will be another look.
  Task<bool> change(const Object& owner, const Step& step) {
    for (const auto& object : step.update)
      if (!co_await try_update(object)) co_return false;
    for (const auto& object : step.remove) {
      const ResourceType& type = *registry_.catalog().by_kind(json::str(object, "apiVersion"), kube::kind(object));
      client::DeleteOptions options;
      options.uid = kube::uid(object);
      options.propagation = "Background";
      try {
        co_await registry_.remove(type, std::string(kube::ns(object)), std::string(kube::name(object)),
                                  std::move(options), false);
      } catch (const kube::StatusError& e) {
        if (!e.is("NotFound") && !e.is("Conflict")) throw;
        continue;
      }
      if (type.storage == pods_.storage && kube::kind(owner) != "StatefulSet")
        co_await say(owner, {"SuccessfulDelete", fmt::format("Deleted pod: {}", kube::name(object))});
    }
    co_return true;
  }

  // As it is after that; nothing where it has changed since it was read, or is gone.
  Task<std::optional<Object>> try_update(Object object) {
    const ResourceType& type = *registry_.catalog().by_kind(json::str(object, "apiVersion"), kube::kind(object));
    const std::string ns(kube::ns(object)), name(kube::name(object));
    try {
      const Outcome after = co_await registry_.update(type, ns, name, std::move(object), by_us());
      co_return json::parse(after.body);
    } catch (const kube::StatusError& e) {
      if (!e.is("NotFound") && !e.is("Conflict")) throw;
    }
    co_return std::nullopt;
  }

  // Onto what is there by now: labels, annotations and finalizers may have changed since the look began.
  Task<> write_status(const Object& owner, json::object status) {
    const ResourceType& type = *registry_.catalog().by_kind(json::str(owner, "apiVersion"), kube::kind(owner));
    const std::string ns(kube::ns(owner)), name(kube::name(owner));
    WriteOptions options = by_us();
    options.subresource = "status";
    try {
      Object there = registry_.current(type, ns, name);
      if (kube::uid(there) != kube::uid(owner)) co_return;
      json::set(there, "status", std::move(status));
      co_await registry_.update(type, ns, name, std::move(there), std::move(options));
    } catch (const kube::StatusError& e) {
      if (!e.is("NotFound") && !e.is("Conflict")) throw;
    }
  }

  Task<> say(Object owner, Note note) {
    Telling telling{.component = lower(kube::kind(owner)) + "-controller",
                    .reason = std::move(note.reason),
                    .message = std::move(note.message),
                    .action = "",
                    .warning = note.warning};
    co_await tell(registry_, std::move(owner), std::move(telling));
  }

  static WriteOptions by_us() {
    WriteOptions options;
    options.field_manager = kManager;
    return options;
  }

  void look_within(std::optional<Duration> wait) {
    if (wait) again_ = again_ ? std::min(*again_, *wait) : *wait;
  }

  Registry& registry_;
  const ResourceType &pods_, &claims_, &deployments_, &replica_sets_, &stateful_sets_, &revisions_, &jobs_;
  std::map<std::string, bool> had_jobs_;         // whether a namespace may have pods of Jobs
  std::map<std::string, std::string> failures_;  // why nothing could be made the last time, by the owner's uid
  std::optional<Duration> again_;                // of the look that is under way
};

}  // namespace

Task<> run_workloads(Registry& registry) {
  Workloads workloads(registry);
  co_await watch_namespaces(registry,
                            {"apps/deployments/", "apps/replicasets/", "apps/statefulsets/",
                             "apps/controllerrevisions/", "batch/jobs/", "core/pods/", "core/persistentvolumeclaims/"},
                            [&workloads](std::string ns) { return workloads.look(std::move(ns)); });
}

}  // namespace spoke::cluster
