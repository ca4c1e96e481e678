#include "cluster/control/volume_match.h"

#include <algorithm>

#include "kube/quantity.h"
#include "kube/selector.h"

namespace spoke::cluster {
namespace {

constexpr const char* kBoundByController = "pv.kubernetes.io/bound-by-controller";
constexpr const char* kBindCompleted = "pv.kubernetes.io/bind-completed";
constexpr const char* kProvisionedBy = "pv.kubernetes.io/provisioned-by";

kube::Quantity size_of(const Object& object, std::string_view path) {
  return kube::Quantity::parse(json::str(object, path)).value_or(kube::Quantity());
}

bool is_kept_for_another(const Object& volume, const Object& claim) {
  return json::find(volume, "spec.claimRef") != nullptr && !is_bound_to(volume, claim);
}

bool has_modes(const Object& volume, const Object& claim) {
  const auto& modes = json::list(volume, "spec.accessModes");
  return std::ranges::all_of(json::list(claim, "spec.accessModes"),
                             [&](const auto& mode) { return std::ranges::find(modes, mode) != modes.end(); });
}

bool suits(const Object& volume, const Object& claim) {
  if (kube::deleting(volume) || is_kept_for_another(volume, claim)) return false;
  if (const std::string_view name = json::str(claim, "spec.volumeName"); !name.empty() && name != kube::name(volume))
    return false;
  if (json::str(volume, "spec.volumeMode", "Filesystem") != json::str(claim, "spec.volumeMode", "Filesystem"))
    return false;
  if (size_of(volume, "spec.capacity.storage") < size_of(claim, "spec.resources.requests.storage")) return false;
  if (is_bound_to(volume, claim)) return true;  // whatever else: somebody, or an earlier try, has decided
  if (json::str(volume, "spec.storageClassName") != json::str(claim, "spec.storageClassName")) return false;
  if (const json::value* selector = json::find(claim, "spec.selector");
      selector != nullptr && !kube::LabelSelector::from_object(*selector).matches(kube::labels_of(volume)))
    return false;
  return has_modes(volume, claim);
}

json::object reference_to(const Object& claim) {
  return {{"apiVersion", "v1"},           {"kind", "PersistentVolumeClaim"},
          {"namespace", kube::ns(claim)}, {"name", kube::name(claim)},
          {"uid", kube::uid(claim)},      {"resourceVersion", kube::resource_version(claim)}};
}

}  // namespace

bool is_bound_to(const Object& volume, const Object& claim) {
  const json::value* ref = json::find(volume, "spec.claimRef");
  if (ref == nullptr || json::str(*ref, "name") != kube::name(claim) || json::str(*ref, "namespace") != kube::ns(claim))
    return false;
  const std::string_view uid = json::str(*ref, "uid");
  return uid.empty() || uid == kube::uid(claim);
}

const Object* match_volume(const Object& claim, const std::vector<Object>& volumes) {
  const Object* best = nullptr;
  const auto size = [](const Object& volume) { return size_of(volume, "spec.capacity.storage"); };
  for (const auto& volume : volumes) {
    if (!suits(volume, claim)) continue;
    if (is_bound_to(volume, claim)) return &volume;
    if (best == nullptr || size(volume) < size(*best)) best = &volume;
  }
  return best;
}

Object volume_for(const Object& claim, const Object* storage_class, const std::string& path) {
  const std::string_view reclaim = storage_class != nullptr ? json::str(*storage_class, "reclaimPolicy") : "";
  Object volume = json::object{
      {"apiVersion", "v1"},
      {"kind", "PersistentVolume"},
      {"metadata", json::object{{"name", "pvc-" + std::string(kube::uid(claim))},
                                {"annotations", json::object{{kProvisionedBy, "spoke"}}}}},
      {"spec",
       json::object{{"capacity", json::object{{"storage", json::str(claim, "spec.resources.requests.storage")}}},
                    {"accessModes", json::list(claim, "spec.accessModes")},
                    {"persistentVolumeReclaimPolicy", reclaim.empty() ? "Delete" : reclaim},
                    {"volumeMode", json::str(claim, "spec.volumeMode", "Filesystem")},
                    {"claimRef", reference_to(claim)},
                    {"hostPath", json::object{{"path", path}, {"type", "DirectoryOrCreate"}}}}}};
  if (const std::string_view name = json::str(claim, "spec.storageClassName"); !name.empty())
    json::set(volume, "spec.storageClassName", name);
  return volume;
}

void bind(Object& claim, Object& volume) {
  const json::value* ref = json::find(volume, "spec.claimRef");
  if (ref == nullptr) json::make_object(volume, "metadata.annotations")[kBoundByController] = "yes";
  json::set(volume, "spec.claimRef", reference_to(claim));
  auto& annotations = json::make_object(claim, "metadata.annotations");
  annotations[kBindCompleted] = "yes";
  if (json::str(claim, "spec.volumeName").empty()) annotations[kBoundByController] = "yes";
  json::set(claim, "spec.volumeName", kube::name(volume));
  json::set(volume, "status.phase", "Bound");
  json::set(claim, "status",
            json::object{{"phase", "Bound"},
                         {"accessModes", json::list(volume, "spec.accessModes")},
                         {"capacity", json::members(volume, "spec.capacity")}});
}

}  // namespace spoke::cluster
