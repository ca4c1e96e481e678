// PersistentVolumeClaim.
#include <algorithm>

#include "cluster/api/kinds/common.h"
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

}  // namespace

void add_volumes(std::vector<ResourceType>& out) {
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
                       "",
                       json::str(o, "spec.storageClassName"),
                       "<unset>",
                       json::str(o, "spec.volumeMode", "<unset>")};
  };
  out.push_back(std::move(claim));
}

}  // namespace spoke::cluster::kinds
