// Namespace and ServiceAccount.
#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {

void add_namespaces(std::vector<ResourceType>& out) {
  ResourceType type = builtin("", "v1", "namespaces", "Namespace", false);
  type.short_names = {"ns"};
  type.has_status = true;
  type.deletable_in_bulk = false;
  type.check_name = kube::check_dns1123_label;
  type.defaults = [](Object& o) {
    // A copy: a member that is added may move the others.
    if (const std::string name(kube::name(o)); !name.empty())
      json::make_object(o, "metadata.labels")["kubernetes.io/metadata.name"] = name;
    auto& finalizers = json::make_object(o, "spec")["finalizers"];
    if (!finalizers.is_array() && !kube::deleting(o)) finalizers = json::array{"kubernetes"};
  };
  type.on_create = [](Object& o) { json::set(o, "status", json::object{{"phase", "Active"}}); };
  type.on_update = [](const Object& before, Object& after) {
    // Only the finalize subresource takes spec.finalizers away.
    if (const json::value* spec = json::find(before, "spec")) json::set(after, "spec", *spec);
  };
  type.validate_update = [](const Object&, const Object& after, Causes& causes) {
    const std::string_view phase = json::str(after, "status.phase");
    if (!kube::deleting(after) && phase != "Active")
      causes.push_back(kube::invalid_value("status.Phase", json::value(phase),
                                           "may only be 'Active' if `deletionTimestamp` is empty"));
    if (kube::deleting(after) && phase != "Terminating")
      causes.push_back(kube::invalid_value("status.Phase", json::value(phase),
                                           "may only be 'Terminating' if `deletionTimestamp` is not empty"));
  };
  type.fields = [](const Object& o, Fields& fields) {
    fields.emplace_back("status.phase", json::str(o, "status.phase"));
  };
  type.field_names = {"status.phase"};
  type.columns = {{"Status", "string", "", "The status of the namespace"}};
  type.cells = [](const Object& o) { return json::array{json::str(o, "status.phase")}; };
  out.push_back(std::move(type));
}

void add_service_accounts(std::vector<ResourceType>& out) {
  ResourceType type = builtin("", "v1", "serviceaccounts", "ServiceAccount", true);
  type.short_names = {"sa"};
  type.returns_deleted = true;
  type.columns = {{"Secrets", "string", "",
                   "Secrets is a list of the secrets in the same namespace that pods running using this ServiceAccount "
                   "are allowed to use."}};
  type.cells = [](const Object& o) { return json::array{json::list(o, "secrets").size()}; };
  out.push_back(std::move(type));
}

}  // namespace spoke::cluster::kinds
