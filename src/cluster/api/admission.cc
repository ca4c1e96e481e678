#include "cluster/api/admission.h"

#include <algorithm>

#include "base/random.h"
#include "base/strings.h"
#include "cluster/api/kinds/common.h"
#include "cluster/api/quota.h"

namespace spoke::cluster {

using kinds::default_to;

namespace {

// Kept until nothing uses them, by the loops that let them go.
struct Protection {
  const char *storage, *finalizer;
};
constexpr Protection kProtected[] = {{"core/persistentvolumeclaims", "kubernetes.io/pvc-protection"},
                                     {"core/persistentvolumes", "kubernetes.io/pv-protection"}};

// The two PriorityClasses that every cluster has are the only ones here.
void admit_priority(const Object& pod, json::value& spec) {
  const std::string_view given = json::str(spec, "priorityClassName");
  std::int64_t priority = 0;
  if (given == "system-cluster-critical")
    priority = 2000000000;
  else if (given == "system-node-critical")
    priority = 2000001000;
  else if (!given.empty())
    throw kube::forbidden("", "pods", kube::name(pod), fmt::format("no PriorityClass with name {} was found", given));
  default_to(spec, "priority", priority);
  default_to(spec, "preemptionPolicy", "PreemptLowerPriority");
}

// DefaultTolerationSeconds: five minutes on a node that is not there.
void admit_tolerations(json::value& spec) {
  auto& tolerations = json::make_array(spec, "tolerations");
  for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    const bool has = std::any_of(tolerations.begin(), tolerations.end(), [&](const json::value& t) {
      const std::string_view effect = json::str(t, "effect"), its = json::str(t, "key");
      return (its == key || its.empty()) && (effect == "NoExecute" || effect.empty());
    });
    if (!has)
      tolerations.push_back(
          json::object{{"key", key}, {"operator", "Exists"}, {"effect", "NoExecute"}, {"tolerationSeconds", 300}});
  }
}

}  // namespace

Admission::Admission(const Store& store, std::string_view service_network)
    : store_(store), addresses_(service_network) {
  for (const auto& [key, entry] : store.range("core/services/")) addresses_.take(json::parse(*entry.body));
}

void Admission::check_namespace(const ResourceType& type, std::string_view ns, std::string_view name) const {
  if (!type.id.namespaced) return;
  const Entry* entry = store_.latest("core/namespaces//" + std::string(ns));
  if (entry == nullptr) throw kube::not_found("", "namespaces", ns);
  if (entry->body->find("\"Terminating\"") == std::string::npos) return;  // spares the parse: nearly always so
  if (json::str(json::parse(*entry->body), "status.phase") != "Terminating") return;
  kube::StatusError refused = kube::forbidden(
      type.id.group, type.id.plural, name,
      "unable to create new content in namespace " + std::string(ns) + " because it is being terminated");
  json::value details = refused.details();
  json::make_array(details, "causes")
      .push_back(json::object{{"reason", "NamespaceTerminating"},
                              {"message", "namespace " + std::string(ns) + " is being terminated"},
                              {"field", "metadata.namespace"}});
  throw kube::StatusError(refused.code(), refused.reason(), refused.message(), std::move(details));
}

void Admission::check_delete(const ResourceType& type, std::string_view name) {
  if (type.storage == "core/namespaces" && (name == "default" || name == "kube-system" || name == "kube-public"))
    throw kube::forbidden("", "namespaces", name, "this namespace may not be deleted");
}

void Admission::admit(const ResourceType& type, Object& object) const {
  if (type.storage == "core/pods") admit_pod(object);
  for (const auto& protection : kProtected) {
    if (type.storage != protection.storage) continue;
    auto& finalizers = json::make_array(object, "metadata.finalizers");
    if (std::find(finalizers.begin(), finalizers.end(), json::value(protection.finalizer)) == finalizers.end())
      finalizers.emplace_back(protection.finalizer);
  }
}

void Admission::admit_update(const ResourceType& type, Object& object) {
  if (type.storage == "core/pods")
    if (json::value* spec = json::find(object, "spec")) admit_tolerations(*spec);
}

void Admission::allow(const ResourceType& type, const Object& object) const {
  if (!type.id.namespaced) return;
  const std::string ns(kube::ns(object));
  for (const auto& [key, entry] : store_.range("core/resourcequotas/" + ns + "/")) {
    const Object quota = json::parse(*entry.body);
    Usage used;
    for (const auto& [other, held] : store_.range(type.prefix(ns))) {
      const Object one = json::parse(*held.body);
      if (!in_scope(quota, type, one)) continue;
      for (const auto& [resource, amount] : usage_of(type, one)) used[resource] = used[resource] + amount;
    }
    if (const std::string why = quota_refusal(quota, used, type, object); !why.empty())
      throw kube::forbidden(type.id.group, type.id.plural, kube::name(object), why);
  }
}

void Admission::allocate(const ResourceType& type, const Object* before, Object& object, bool dry_run) {
  if (type.storage != "core/services") return;
  if (dry_run)
    ServiceAddresses(addresses_).allocate(before, object);
  else
    addresses_.allocate(before, object);
}

void Admission::undo(const ResourceType& type, const Object* before, const Object& object) {
  if (type.storage != "core/services") return;
  addresses_.release(object);
  if (before != nullptr) addresses_.take(*before);
}

void Admission::forget(const ResourceType& type, const Object& object) {
  if (type.storage == "core/services") addresses_.release(object);
}

void Admission::admit_pod(Object& pod) const {
  if (amend_pod_) amend_pod_(pod);
  json::value* spec = json::find(pod, "spec");
  if (spec == nullptr || !spec->is_object()) return;
  admit_priority(pod, *spec);

  admit_tolerations(*spec);

  if (json::str(*spec, "serviceAccountName").empty()) {
    json::set(*spec, "serviceAccountName", "default");
    json::set(*spec, "serviceAccount", "default");
  }
  const std::string account(json::str(*spec, "serviceAccountName"));
  const std::string ns(kube::ns(pod));
  const Entry* entry = store_.latest("core/serviceaccounts/" + ns + "/" + account);
  if (entry == nullptr)
    throw kube::forbidden(
        "", "pods", kube::name(pod),
        "error looking up service account " + ns + "/" + account + ": serviceaccount \"" + account + "\" not found");
  const json::value account_object = json::parse(*entry->body);
  if (json::list(*spec, "imagePullSecrets").empty())
    if (const auto& secrets = json::list(account_object, "imagePullSecrets"); !secrets.empty())
      json::set(*spec, "imagePullSecrets", json::value(secrets));
  if (!json::flag(*spec, "automountServiceAccountToken",
                  json::flag(account_object, "automountServiceAccountToken", true)))
    return;

  constexpr std::string_view mount_path = "/var/run/secrets/kubernetes.io/serviceaccount";
  std::string volume;
  for (const auto& v : json::list(*spec, "volumes"))
    if (json::str(v, "name").starts_with("kube-api-access-")) volume = json::str(v, "name");
  bool used = false;
  const std::string name = volume.empty() ? "kube-api-access-" + random_suffix(5) : volume;
  for (const char* list : {"containers", "initContainers"}) {
    json::value* containers = json::find(*spec, list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (auto& c : containers->get_array()) {
      if (!c.is_object()) continue;
      auto& mounts = json::make_array(c, "volumeMounts");
      const bool own = std::any_of(mounts.begin(), mounts.end(),
                                   [&](const json::value& m) { return json::str(m, "mountPath") == mount_path; });
      if (own) continue;
      mounts.push_back(json::object{{"name", name}, {"readOnly", true}, {"mountPath", mount_path}});
      used = true;
    }
  }
  if (!used || !volume.empty()) return;
  const auto item = [](const char* key, const char* path) {
    return json::array{json::object{{"key", key}, {"path", path}}};
  };
  json::make_array(*spec, "volumes")
      .push_back(json::object{
          {"name", name},
          {"projected",
           json::object{
               {"sources",
                json::array{
                    json::object{{"serviceAccountToken", json::object{{"expirationSeconds", 3607}, {"path", "token"}}}},
                    json::object{
                        {"configMap", json::object{{"name", "kube-root-ca.crt"}, {"items", item("ca.crt", "ca.crt")}}}},
                    json::object{{"downwardAPI",
                                  json::object{{"items", json::array{json::object{
                                                             {"path", "namespace"},
                                                             {"fieldRef", json::object{{"apiVersion", "v1"},
                                                                                       {"fieldPath",
                                                                                        "metadata.namespace"}}}}}}}}}}},
               {"defaultMode", 420}}}});
}

}  // namespace spoke::cluster
