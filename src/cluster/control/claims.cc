// Keeps a PersistentVolumeClaim that is being deleted for as long as a pod uses it. Source: the pvc-protection
// controller.
#include "cluster/api/object_changes.h"
#include "cluster/control/controllers.h"
#include "cluster/control/watch_kinds.h"

namespace spoke::cluster {

using net::Task;

namespace {

constexpr const char* kProtection = "kubernetes.io/pvc-protection";

bool uses(const Object& pod, std::string_view claim) {
  const std::string_view phase = json::str(pod, "status.phase");
  if (phase == "Succeeded" || phase == "Failed") return false;
  for (const auto& volume : json::list(pod, "spec.volumes"))
    if (json::str(volume, "persistentVolumeClaim.claimName") == claim) return true;
  return false;
}

Task<> look(Registry& registry, std::string ns) {
  const ResourceType& type = *registry.catalog().find("", "v1", "persistentvolumeclaims");
  for (const auto& [key, entry] : registry.store().range(type.prefix(ns))) {
    Object claim = json::parse(*entry.body);
    if (!kube::deleting(claim) || !has_finalizers(claim)) continue;
    bool used = false;
    for (const auto& [pod_key, pod] : registry.store().range("core/pods/" + ns + "/"))
      used = used || uses(json::parse(*pod.body), kube::name(claim));
    if (used) continue;
    drop_finalizer(claim, kProtection);
    WriteOptions options;
    options.field_manager = "kube-controller-manager";
    const std::string name(kube::name(claim));
    co_await registry.update(type, ns, name, std::move(claim), std::move(options));
  }
}

}  // namespace

Task<> protect_claims(Registry& registry) {
  co_await watch_namespaces(registry, {"core/persistentvolumeclaims/", "core/pods/"},
                            [&registry](std::string ns) { return look(registry, std::move(ns)); });
}

}  // namespace spoke::cluster
