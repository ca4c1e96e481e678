// DELETE: at once, with grace, or when the last finalizer has gone.
// Source: k8s.io/apiserver's registry/generic/registry/store.go and registry/rest/delete.go.
#include "base/strings.h"
#include "cluster/api/object_changes.h"
#include "cluster/api/registry.h"

namespace spoke::cluster {

using net::Task;

namespace {

constexpr const char* kOrphan = "orphan";
constexpr const char* kForeground = "foregroundDeletion";
constexpr const char* kDefinitionCleanup = "customresourcecleanup.apiextensions.k8s.io";

void check_preconditions(const ResourceType& type, const Object& object, const client::DeleteOptions& options) {
  if (!options.uid.empty() && options.uid != kube::uid(object))
    throw kube::conflict(
        type.id.group, type.id.kind, kube::name(object),
        fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The object might "
                    "have been deleted and then recreated",
                    options.uid, kube::uid(object)));
  if (!options.resource_version.empty() && options.resource_version != kube::resource_version(object))
    throw kube::conflict(
        type.id.group, type.id.kind, kube::name(object),
        fmt::format("the ResourceVersion in the precondition ({}) does not match the ResourceVersion in record "
                    "({}). The object might have been modified",
                    options.resource_version, kube::resource_version(object)));
}

// What is to become of dependents, as a finalizer for the garbage collector. Without a wish the finalizers stay.
void set_propagation(Object& object, const std::string& propagation) {
  if (propagation.empty()) return;
  drop_finalizer(object, kOrphan);
  drop_finalizer(object, kForeground);
  if (propagation == "Orphan") json::make_array(object, "metadata.finalizers").emplace_back(kOrphan);
  if (propagation == "Foreground") json::make_array(object, "metadata.finalizers").emplace_back(kForeground);
}

void count_deletion(Object& object) {
  if (const auto generation = json::num(object, "metadata.generation"); generation > 0)
    json::set(object, "metadata.generation", generation + 1);
}

void set_deletion(Object& object, Time at, std::int64_t grace) {
  json::set(object, "metadata.deletionTimestamp", rfc3339(at));
  json::set(object, "metadata.deletionGracePeriodSeconds", grace);
}

// How long a pod may take to end: nothing runs of one that no node has, or that has ended.
std::int64_t grace_of(const Object& pod, const client::DeleteOptions& options) {
  const std::string_view phase = json::str(pod, "status.phase");
  if (json::str(pod, "spec.nodeName").empty() || phase == "Succeeded" || phase == "Failed") return 0;
  const auto grace = options.grace_period_seconds.value_or(json::num(pod, "spec.terminationGracePeriodSeconds", 30));
  return grace < 0 ? 1 : grace;
}

// Begins a pod's end, or brings it forward. False where it is under way and stays as it is.
bool begin_end(Object& pod, const client::DeleteOptions& options) {
  const auto grace = grace_of(pod, options);
  if (!kube::deleting(pod)) {
    set_deletion(pod, now() + std::chrono::seconds(grace), grace);
    count_deletion(pod);
    return true;
  }
  const auto before = json::num(pod, "metadata.deletionGracePeriodSeconds");
  if (!options.grace_period_seconds || *options.grace_period_seconds >= before) return false;
  const auto until = parse_rfc3339(json::str(pod, "metadata.deletionTimestamp"));
  set_deletion(pod, until.value_or(now()) - std::chrono::seconds(before - *options.grace_period_seconds),
               *options.grace_period_seconds);
  return true;
}

std::string success(const ResourceType& type, const Object& object) {
  json::object details{{"name", kube::name(object)}};
  if (!type.id.group.empty()) details["group"] = type.id.group;
  details["kind"] = type.id.plural;
  details["uid"] = kube::uid(object);
  return json::dump(json::object{{"kind", "Status"},
                                 {"apiVersion", "v1"},
                                 {"metadata", json::object()},
                                 {"status", "Success"},
                                 {"details", std::move(details)}});
}

}  // namespace

Task<std::string> Registry::erase(const ResourceType& type, std::string ns, std::string name, Object last) {
  Tags tags = tags_of(type, last);
  std::string body = render(last, store_.next_revision());
  co_await store_.erase(type.key(type.id.namespaced ? ns : "", name), body, std::move(tags));
  admission_.forget(type, last);
  if (type.storage == kDefinitions) catalog_.forget(name);
  co_return body;
}

Task<Outcome> Registry::mark(const ResourceType& type, std::string ns, std::string name, Object marked, bool dry_run) {
  const Object before = current(type, type.id.namespaced ? ns : "", name);
  if (same_state(before, marked))
    co_return Outcome{json::dump(type.from_storage ? type.from_storage(before) : before), 200, {}};
  WriteOptions options;
  options.dry_run = dry_run;
  co_return co_await write(type, std::move(ns), std::move(name), &before, std::move(marked), std::move(options), {});
}

Task<Outcome> Registry::remove(const ResourceType& type, std::string ns, std::string name,
                               client::DeleteOptions options, bool dry_run) {
  const std::string key = type.key(type.id.namespaced ? ns : "", name);
  Object object = current(type, type.id.namespaced ? ns : "", name);
  Admission::check_delete(type, name);
  check_preconditions(type, object, options);
  const bool of_namespace = type.storage == "core/namespaces";
  const bool was_deleting = kube::deleting(object);

  if (type.graceful) {
    if (!begin_end(object, options))
      co_return co_await mark(type, std::move(ns), std::move(name), std::move(object), dry_run);
    set_propagation(object, options.propagation);
    const bool stays = has_finalizers(object) || json::num(object, "metadata.deletionGracePeriodSeconds") > 0;
    Outcome marked = co_await mark(type, ns, name, object, dry_run);
    if (stays || dry_run) co_return marked;
    if (const Entry* entry = store_.latest(key); entry == nullptr || entry->tags->uid != kube::uid(object))
      co_return marked;
  } else {
    if (!was_deleting) set_propagation(object, options.propagation);
    if (type.storage == kDefinitions) {
      // Its objects go first; the controller that deletes them takes the finalizer away.
      drop_finalizer(object, kDefinitionCleanup);
      json::make_array(object, "metadata.finalizers").emplace_back(kDefinitionCleanup);
    }
    if (has_finalizers(object) || (of_namespace && !json::list(object, "spec.finalizers").empty())) {
      if (!was_deleting) {
        set_deletion(object, now(), 0);
        count_deletion(object);
      }
      if (of_namespace) {
        json::remove(object, "metadata.deletionGracePeriodSeconds");
        json::set(object, "status.phase", "Terminating");
      }
      co_return co_await mark(type, std::move(ns), std::move(name), std::move(object), dry_run);
    }
  }
  Outcome outcome{success(type, object), 200, {}};
  std::string last = json::dump(object);
  if (!dry_run) last = co_await erase(type, std::move(ns), std::move(name), std::move(object));
  if (type.returns_deleted) outcome.body = type.from_storage ? json::dump(type.from_storage(json::parse(last))) : last;
  co_return outcome;
}

Task<> Registry::finalize_namespace(std::string name) {
  const ResourceType& type = *catalog_.find("", "v1", "namespaces");
  Object object = current(type, "", name);
  json::set(object, "spec", json::object());
  if (has_finalizers(object))
    co_await mark(type, "", std::move(name), std::move(object), false);
  else
    co_await erase(type, "", std::move(name), std::move(object));
}

}  // namespace spoke::cluster
