// Kinds with nothing special but their names and columns.
#include "cluster/api/resource_type.h"
#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {

void add_leases(std::vector<ResourceType>& out) {
  ResourceType lease = builtin("coordination.k8s.io", "v1", "leases", "Lease", true);
  lease.create_on_update = true;
  lease.columns = {{"Holder", "string", "", "HolderIdentity contains the identity of the holder of a current lease."}};
  lease.cells = [](const Object& o) { return json::array{json::str(o, "spec.holderIdentity")}; };
  out.push_back(std::move(lease));
}

void add_volumes(std::vector<ResourceType>& out) {
  ResourceType claim = builtin("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true);
  claim.short_names = {"pvc"};
  claim.has_status = true;
  claim.defaults = [](Object& o) {
    default_to(o, "spec.volumeMode", "Filesystem");
  };
  claim.on_create = [](Object& o) { json::set(o, "status", json::object{{"phase", "Pending"}}); };
  claim.validate = [](const Object& o, Causes& causes) {
    if (json::list(o, "spec.accessModes").empty()) causes.push_back(kube::required("spec.accessModes", "at least 1 access mode is required"));
    if (json::find(o, "spec.resources.requests.storage") == nullptr) causes.push_back(kube::required("spec.resources[storage]", ""));
  };
  claim.columns = {{"Status", "string", "", "phase represents the current phase of PersistentVolumeClaim."},
                   {"Volume", "string", "", "volumeName is the binding reference to the PersistentVolume backing this claim."},
                   {"Capacity", "string", "", "capacity represents the actual resources of the underlying volume."},
                   {"Access Modes", "string", "", "accessModes contains the desired access modes the volume should have."},
                   {"StorageClass", "string", "", "storageClassName is the name of the StorageClass required by the claim."},
                   {"VolumeAttributesClass", "string", "", "volumeAttributesClassName may be used to set the VolumeAttributesClass used by this claim."},
                   {"VolumeMode", "string", "", "volumeMode defines what type of volume is required by the claim.", 1}};
  claim.cells = [](const Object& o) {
    return json::array{json::str(o, "status.phase"), json::str(o, "spec.volumeName"), json::str(o, "status.capacity.storage"),
                       "", json::str(o, "spec.storageClassName"), "<unset>", json::str(o, "spec.volumeMode", "<unset>")};
  };
  out.push_back(std::move(claim));
}

void add_rbac(std::vector<ResourceType>& out) {
  const auto add = [&](const char* plural, const char* kind, bool namespaced, bool binding) {
    ResourceType type = builtin("rbac.authorization.k8s.io", "v1", plural, kind, namespaced);
    type.check_name = kube::check_path_segment;
    if (binding) {
      type.defaults = [](Object& o) {
        default_to(o, "roleRef.apiGroup", "rbac.authorization.k8s.io");
        if (json::value* subjects = json::find(o, "subjects"); subjects != nullptr && subjects->is_array())
          for (auto& subject : subjects->get_array())
            if (json::str(subject, "kind") != "ServiceAccount" && json::str(subject, "apiGroup").empty())
              json::set(subject, "apiGroup", "rbac.authorization.k8s.io");
      };
      type.validate = [](const Object& o, Causes& causes) {
        if (json::str(o, "roleRef.name").empty()) causes.push_back(kube::required("roleRef.name", ""));
      };
      type.validate_update = [](const Object& before, const Object& after, Causes& causes) {
        const json::value* ref = json::find(after, "roleRef");
        if (const json::value* old = json::find(before, "roleRef"); old != nullptr && ref != nullptr && *old != *ref)
          causes.push_back(kube::invalid_value("roleRef", *ref, "cannot change roleRef"));
      };
      type.columns = {{"Role", "string", "", "RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace."}};
      type.cells = [](const Object& o) {
        return json::array{std::string(json::str(o, "roleRef.kind")) + "/" + std::string(json::str(o, "roleRef.name"))};
      };
    } else {
      type.defaults = [](Object& o) {
        if (json::find(o, "rules") == nullptr) json::set(o, "rules", nullptr);
      };
      type.columns = {{"Created At", "date", "", ""}};
      type.cells = [](const Object& o) { return json::array{json::str(o, "metadata.creationTimestamp")}; };
      type.age_column = false;
    }
    out.push_back(std::move(type));
  };
  add("clusterrolebindings", "ClusterRoleBinding", false, true);
  add("clusterroles", "ClusterRole", false, false);
  add("rolebindings", "RoleBinding", true, true);
  add("roles", "Role", true, false);
}

void add_networking(std::vector<ResourceType>& out) {
  ResourceType policy = builtin("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true);
  policy.short_names = {"netpol"};
  policy.has_generation = true;
  policy.defaults = [](Object& o) {
    if (json::find(o, "spec.podSelector") == nullptr) json::set(o, "spec.podSelector", json::object());
    if (json::list(o, "spec.policyTypes").empty()) {
      json::array types{"Ingress"};
      if (!json::list(o, "spec.egress").empty()) types.emplace_back("Egress");
      json::set(o, "spec.policyTypes", std::move(types));
    }
    for (const char* side : {"spec.ingress", "spec.egress"})
      for (const auto& rule : json::list(o, side))
        for (const auto& port : json::list(rule, "ports")) default_to(const_cast<json::value&>(port), "protocol", "TCP");
  };
  policy.columns = {{"Pod-Selector", "string", "", "podSelector selects the pods to which this NetworkPolicy object applies."}};
  policy.cells = [](const Object& o) { return json::array{selector_text(json::members(o, "spec.podSelector.matchLabels"))}; };
  out.push_back(std::move(policy));

  ResourceType ingress = builtin("networking.k8s.io", "v1", "ingresses", "Ingress", true);
  ingress.short_names = {"ing"};
  ingress.has_status = ingress.has_generation = true;
  ingress.on_create = [](Object& o) { json::set(o, "status", json::object{{"loadBalancer", json::object()}}); };
  ingress.validate = [](const Object& o, Causes& causes) {
    if (json::list(o, "spec.rules").empty() && json::find(o, "spec.defaultBackend") == nullptr)
      causes.push_back(kube::invalid_value("spec", json::object(), "either `defaultBackend` or `rules` must be specified"));
  };
  ingress.columns = {{"Class", "string", "", "The name of the IngressClass resource that should be used for additional configuration"},
                     {"Hosts", "string", "", "Hosts that incoming requests are matched against before the ingress rule"},
                     {"Address", "string", "", "Address is a list containing ingress points for the load-balancer"},
                     {"Ports", "string", "", "Ports of TLS configurations that open"}};
  ingress.cells = [](const Object& o) {
    std::string hosts;
    for (const auto& rule : json::list(o, "spec.rules"))
      if (const auto host = json::str(rule, "host"); !host.empty()) hosts += (hosts.empty() ? "" : ",") + std::string(host);
    return json::array{json::str(o, "spec.ingressClassName", "<none>"), hosts.empty() ? "*" : hosts, "",
                       json::list(o, "spec.tls").empty() ? "80" : "80, 443"};
  };
  out.push_back(std::move(ingress));
}

void add_policy(std::vector<ResourceType>& out) {
  ResourceType budget = builtin("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true);
  budget.short_names = {"pdb"};
  budget.has_status = budget.has_generation = true;
  budget.on_create = [](Object& o) {
    json::set(o, "status", json::object{{"disruptionsAllowed", 0}, {"currentHealthy", 0}, {"desiredHealthy", 0}, {"expectedPods", 0}});
  };
  budget.validate = [](const Object& o, Causes& causes) {
    if (json::find(o, "spec.minAvailable") != nullptr && json::find(o, "spec.maxUnavailable") != nullptr)
      causes.push_back(kube::invalid_value("spec", *json::find(o, "spec"), "minAvailable and maxUnavailable cannot be both set"));
  };
  budget.columns = {{"Min Available", "string", "", "An eviction is allowed if at least \"minAvailable\" pods selected by \"selector\" will still be available after the eviction."},
                    {"Max Unavailable", "string", "", "An eviction is allowed if at most \"maxUnavailable\" pods selected by \"selector\" are unavailable after the eviction."},
                    {"Allowed Disruptions", "integer", "", "Calculated number of pods that may be disrupted at this time."}};
  budget.cells = [](const Object& o) {
    const auto shown = [&](const char* path) {
      const json::value* v = json::find(o, path);
      return v == nullptr ? std::string("N/A") : v->is_string() ? json::to_string(v->get_string()) : json::dump(*v);
    };
    return json::array{shown("spec.minAvailable"), shown("spec.maxUnavailable"), json::num(o, "status.disruptionsAllowed")};
  };
  out.push_back(std::move(budget));

  ResourceType quota = builtin("", "v1", "resourcequotas", "ResourceQuota", true);
  quota.short_names = {"quota"};
  quota.has_status = true;
  quota.on_create = [](Object& o) { json::set(o, "status", json::object()); };
  quota.columns = {{"Request", "string", "", "Request represents a minimum amount of cpu/memory that a container may consume."},
                   {"Limit", "string", "", "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node."}};
  quota.cells = [](const Object&) { return json::array{"", ""}; };
  out.push_back(std::move(quota));
}

}  // namespace spoke::cluster::kinds
