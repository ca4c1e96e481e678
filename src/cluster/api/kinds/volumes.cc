// PersistentVolumeClaim, PersistentVolume, StorageClass.
#include <algorithm>

#include "base/strings.h"
#include "cluster/api/kinds/pod_parts.h"
#include "kube/quantity.h"

namespace spoke::cluster::kinds {
namespace {

const std::vector<std::string> kAccessModes{"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"};
const std::vector<std::string> kVolumeModes{"Block", "Filesystem"};

void validate_claim(const Object& o, Causes& causes) {
  const auto& modes = json::list(o, "spec.accessModes");
  if (modes.empty()) causes.push_back(kube::required("spec.accessModes", "at least 1 access mode is required"));
  for (const auto& mode : modes)
    if (const std::string text = json::to_string(mode.as_string()); !one_of(kAccessModes, text))
      causes.push_back(kube::not_supported("spec.accessModes", text, kAccessModes));
  const json::value* storage = json::find(o, "spec.resources.requests.storage");
  if (storage == nullptr) {
    causes.push_back(kube::required("spec.resources[storage]", ""));
  } else if (const auto amount = kube::Quantity::parse(json::str(o, "spec.resources.requests.storage"));
             !amount || amount->zero() || amount->negative()) {
    causes.push_back(kube::invalid_value("spec.resources[storage]", *storage, "must be greater than zero"));
  }
  if (const std::string_view mode = json::str(o, "spec.volumeMode"); !one_of(kVolumeModes, mode))
    causes.push_back(kube::not_supported("spec.volumeMode", mode, kVolumeModes));
}

// A bound claim may grow; nothing else of a spec changes, but for what binding fills in.
void validate_claim_update(const Object& before, const Object& after, Causes& causes) {
  json::value was = *json::find(before, "spec"), is = *json::find(after, "spec");
  if (json::str(was, "volumeName").empty()) json::remove(was, "volumeName"), json::remove(is, "volumeName");
  if (json::str(before, "status.phase") == "Bound")
    for (json::value* spec : {&was, &is}) {
      json::remove(*spec, "resources.requests");
      json::remove(*spec, "volumeAttributesClassName");
    }
  if (was != is)
    causes.push_back(kube::forbidden_field(
        "spec",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"));
}

// "RWO,ROX", as kubectl shows them.
std::string modes_text(const json::array& modes) {
  std::vector<std::string> out;
  for (const auto& [mode, shown] : {std::pair{"ReadWriteOnce", "RWO"},
                                    {"ReadOnlyMany", "ROX"},
                                    {"ReadWriteMany", "RWX"},
                                    {"ReadWriteOncePod", "RWOP"}})
    if (std::ranges::find(modes, json::value(mode)) != modes.end()) out.emplace_back(shown);
  return join(out, ",");
}

void check_modes(const Object& o, Causes& causes) {
  const auto& modes = json::list(o, "spec.accessModes");
  if (modes.empty()) causes.push_back(kube::required("spec.accessModes", ""));
  for (const auto& mode : modes)
    if (const std::string text = json::to_string(mode.as_string()); !one_of(kAccessModes, text))
      causes.push_back(kube::not_supported("spec.accessModes", text, kAccessModes));
}

void validate_volume(const Object& o, Causes& causes) {
  check_modes(o, causes);
  const json::object& capacity = json::members(o, "spec.capacity");
  if (capacity.empty()) causes.push_back(kube::required("spec.capacity", ""));
  if (capacity.size() != 1 || !capacity.contains("storage")) {
    Cause cause = kube::not_supported("spec.capacity", "", {"storage"});
    cause.message = fmt::format(R"(Unsupported value: {}: supported values: "storage")",
                                capacity.empty() ? "null" : json::dump(capacity));
    causes.push_back(std::move(cause));
  } else if (const auto amount = kube::Quantity::parse(json::str(o, "spec.capacity.storage"));
             !amount || amount->zero() || amount->negative())
    causes.push_back(kube::invalid_value("spec.capacity[storage]", *json::find(o, "spec.capacity.storage"),
                                         "must be greater than zero"));
  static const std::vector<std::string> kPolicies{"Delete", "Recycle", "Retain"};
  if (const std::string_view policy = json::str(o, "spec.persistentVolumeReclaimPolicy"); !one_of(kPolicies, policy))
    causes.push_back(kube::not_supported("spec.persistentVolumeReclaimPolicy", policy, kPolicies));
  if (const std::string_view mode = json::str(o, "spec.volumeMode"); !one_of(kVolumeModes, mode))
    causes.push_back(kube::not_supported("spec.volumeMode", mode, kVolumeModes));
  if (json::find(o, "spec.hostPath") == nullptr && json::find(o, "spec.local") == nullptr &&
      json::find(o, "spec.nfs") == nullptr && json::find(o, "spec.csi") == nullptr)
    causes.push_back(kube::required("spec", "must specify a volume type"));
  if (json::find(o, "spec.hostPath") != nullptr) {
    const std::string_view path = json::str(o, "spec.hostPath.path");
    if (path.empty()) causes.push_back(kube::required("spec.hostPath.path", ""));
    if (goes_up(path))
      causes.push_back(kube::invalid_value("spec.hostPath.path", json::value(path), "must not contain '..'"));
  }
}

ResourceType persistent_volumes() {
  ResourceType volume = builtin("", "v1", "persistentvolumes", "PersistentVolume", false);
  volume.short_names = {"pv"};
  volume.has_status = volume.returns_deleted = true;
  volume.defaults = [](Object& o) {
    default_to(o, "spec.persistentVolumeReclaimPolicy", "Retain");
    default_to(o, "spec.volumeMode", "Filesystem");
    canonical_quantities(o, "spec.capacity");
    if (json::value* path = json::find(o, "spec.hostPath")) default_to(*path, "type", "");
    if (json::value* ref = json::find(o, "spec.claimRef")) {
      default_to(*ref, "apiVersion", "v1");
      default_to(*ref, "kind", "PersistentVolumeClaim");
    }
  };
  volume.on_create = [](Object& o) {
    json::set(o, "status", json::object{{"phase", "Pending"}, {"lastPhaseTransitionTime", rfc3339(now())}});
  };
  volume.validate = validate_volume;
  volume.columns = {{"Capacity", "string", "", "capacity is the description of the persistent volume's resources."},
                    {"Access Modes", "string", "", "accessModes contains all ways the volume can be mounted."},
                    {"Reclaim Policy", "string", "",
                     "persistentVolumeReclaimPolicy defines what happens to a persistent volume when released from its "
                     "claim."},
                    {"Status", "string", "", "phase indicates if a volume is available, bound to a claim."},
                    {"Claim", "string", "", "claimRef is part of a bi-directional binding."},
                    {"StorageClass", "string", "", "storageClassName is the name of StorageClass to which it belongs."},
                    {"VolumeAttributesClass", "string", "", "Name of VolumeAttributesClass to which it belongs."},
                    {"Reason", "string", "", "reason is a brief CamelCase string that describes any failure."},
                    {"Age", "string", "", ""},
                    {"VolumeMode", "string", "", "volumeMode defines how it is used.", 1}};
  volume.age_column = false;
  volume.cells = [](const Object& o) {
    const std::string_view claim = json::str(o, "spec.claimRef.name");
    return json::array{json::str(o, "spec.capacity.storage"),
                       modes_text(json::list(o, "spec.accessModes")),
                       json::str(o, "spec.persistentVolumeReclaimPolicy"),
                       kube::deleting(o) ? "Terminating" : json::str(o, "status.phase"),
                       claim.empty() ? "" : fmt::format("{}/{}", json::str(o, "spec.claimRef.namespace"), claim),
                       json::str(o, "spec.storageClassName"),
                       "<unset>",
                       json::str(o, "status.reason"),
                       age_of(o),
                       json::str(o, "spec.volumeMode", "<unset>")};
  };
  return volume;
}

ResourceType storage_classes() {
  ResourceType type = builtin("storage.k8s.io", "v1", "storageclasses", "StorageClass", false);
  type.short_names = {"sc"};
  type.returns_deleted = true;
  type.defaults = [](Object& o) {
    default_to(o, "reclaimPolicy", "Delete");
    default_to(o, "volumeBindingMode", "Immediate");
  };
  type.validate = [](const Object& o, Causes& causes) {
    if (json::str(o, "provisioner").empty()) causes.push_back(kube::required("provisioner", ""));
  };
  type.columns = {{"Provisioner", "string", "", "provisioner indicates the type of the provisioner."},
                  {"ReclaimPolicy", "string", "", "reclaimPolicy of volumes of this class."},
                  {"VolumeBindingMode", "string", "", "When claims of this class are bound."},
                  {"AllowVolumeExpansion", "string", "", "Whether volumes of this class may grow."}};
  type.cells = [](const Object& o) {
    return json::array{json::str(o, "provisioner"), json::str(o, "reclaimPolicy"), json::str(o, "volumeBindingMode"),
                       json::flag(o, "allowVolumeExpansion")};
  };
  return type;
}

}  // namespace

void add_volumes(std::vector<ResourceType>& out) {
  out.push_back(persistent_volumes());
  out.push_back(storage_classes());
  ResourceType claim = builtin("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true);
  claim.short_names = {"pvc"};
  claim.has_status = claim.returns_deleted = true;
  claim.defaults = [](Object& o) {
    default_to(o, "spec.volumeMode", "Filesystem");
    canonical_quantities(o, "spec.resources.requests");
  };
  claim.on_create = [](Object& o) { json::set(o, "status", json::object{{"phase", "Pending"}}); };
  claim.validate = validate_claim;
  claim.validate_update = validate_claim_update;
  claim.columns = {
      {"Status", "string", "", "phase represents the current phase of PersistentVolumeClaim."},
      {"Volume", "string", "", "volumeName is the binding reference to the PersistentVolume backing this claim."},
      {"Capacity", "string", "", "capacity represents the actual resources of the underlying volume."},
      {"Access Modes", "string", "", "accessModes contains the desired access modes the volume should have."},
      {"StorageClass", "string", "", "storageClassName is the name of the StorageClass required by the claim."},
      {"VolumeAttributesClass", "string", "",
       "volumeAttributesClassName may be used to set the VolumeAttributesClass used by this claim."},
      {"VolumeMode", "string", "", "volumeMode defines what type of volume is required by the claim.", 1}};
  claim.cells = [](const Object& o) {
    return json::array{json::str(o, "status.phase"),
                       json::str(o, "spec.volumeName"),
                       json::str(o, "status.capacity.storage"),
                       modes_text(json::list(o, "status.accessModes")),
                       json::str(o, "spec.storageClassName"),
                       "<unset>",
                       json::str(o, "spec.volumeMode", "<unset>")};
  };
  out.push_back(std::move(claim));
}

}  // namespace spoke::cluster::kinds
