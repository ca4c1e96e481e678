// Lease.
#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {

void add_leases(std::vector<ResourceType>& out) {
  ResourceType lease = builtin("coordination.k8s.io", "v1", "leases", "Lease", true);
  lease.create_on_update = true;
  lease.unconditional_update = false;
  lease.validate = [](const Object& o, Causes& causes) {
    if (const json::value* seconds = json::find(o, "spec.leaseDurationSeconds");
        seconds != nullptr && json::num(o, "spec.leaseDurationSeconds") <= 0)
      causes.push_back(kube::invalid_value("spec.leaseDurationSeconds", *seconds, "must be greater than 0"));
    if (const json::value* count = json::find(o, "spec.leaseTransitions");
        count != nullptr && json::num(o, "spec.leaseTransitions") < 0)
      causes.push_back(kube::invalid_value("spec.leaseTransitions", *count, "must be greater than or equal to 0"));
  };
  lease.columns = {{"Holder", "string", "", "HolderIdentity contains the identity of the holder of a current lease."}};
  lease.cells = [](const Object& o) { return json::array{json::str(o, "spec.holderIdentity")}; };
  out.push_back(std::move(lease));
}

}  // namespace spoke::cluster::kinds
