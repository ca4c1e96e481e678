// Role, ClusterRole, RoleBinding, ClusterRoleBinding.
#include <algorithm>

#include "base/strings.h"
#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {
namespace {

constexpr const char* kGroup = "rbac.authorization.k8s.io";

void validate_role(const Object& o, bool namespaced, Causes& causes) {
  size_t i = 0;
  for (const auto& rule : json::list(o, "rules")) {
    const std::string at = "rules[" + std::to_string(i++) + "]";
    if (json::list(rule, "verbs").empty())
      causes.push_back(kube::required(at + ".verbs", "verbs must contain at least one value"));
    if (const auto& urls = json::list(rule, "nonResourceURLs"); !urls.empty()) {
      if (namespaced)
        causes.push_back(
            kube::invalid_value(at + ".nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs"));
      else if (!json::list(rule, "apiGroups").empty() || !json::list(rule, "resources").empty() ||
               !json::list(rule, "resourceNames").empty())
        causes.push_back(kube::invalid_value(at + ".nonResourceURLs", urls,
                                             "rules cannot apply to both regular resources and non-resource URLs"));
      continue;
    }
    if (json::list(rule, "apiGroups").empty())
      causes.push_back(kube::required(at + ".apiGroups", "resource rules must supply at least one api group"));
    if (json::list(rule, "resources").empty())
      causes.push_back(kube::required(at + ".resources", "resource rules must supply at least one resource"));
  }
}

void default_binding(Object& o) {
  default_to(o, "roleRef.apiGroup", kGroup);
  json::value* subjects = json::find(o, "subjects");
  if (subjects == nullptr || !subjects->is_array()) return;
  for (auto& subject : subjects->get_array())
    if (const std::string_view kind = json::str(subject, "kind");
        (kind == "User" || kind == "Group") && json::str(subject, "apiGroup").empty())
      json::set(subject, "apiGroup", kGroup);
}

void validate_binding(const Object& o, bool namespaced, Causes& causes) {
  static const std::vector<std::string> of_namespace{"Role", "ClusterRole"}, of_cluster{"ClusterRole"},
      subject_kinds{"ServiceAccount", "User", "Group"};
  const auto& roles = namespaced ? of_namespace : of_cluster;
  if (const std::string_view kind = json::str(o, "roleRef.kind"); !one_of(roles, kind))
    causes.push_back(kube::not_supported("roleRef.kind", kind, roles));
  if (const std::string_view name = json::str(o, "roleRef.name"); name.empty())
    causes.push_back(kube::required("roleRef.name", ""));
  else
    for (const auto& why : kube::check_path_segment(name))
      causes.push_back(kube::invalid_value("roleRef.name", json::value(name), why));
  size_t i = 0;
  for (const auto& subject : json::list(o, "subjects")) {
    const std::string at = "subjects[" + std::to_string(i++) + "]";
    const std::string_view kind = json::str(subject, "kind");
    if (json::str(subject, "name").empty()) causes.push_back(kube::required(at + ".name", ""));
    if (!one_of(subject_kinds, kind)) causes.push_back(kube::not_supported(at + ".kind", kind, subject_kinds));
    if (kind == "ServiceAccount" && !namespaced && json::str(subject, "namespace").empty())
      causes.push_back(kube::required(at + ".namespace", ""));
  }
}

// The subjects of one kind, as kubectl get -o wide lists them.
std::string subjects_text(const Object& o, std::string_view kind) {
  std::vector<std::string> out;
  for (const auto& subject : json::list(o, "subjects")) {
    if (json::str(subject, "kind") != kind) continue;
    const std::string ns(json::str(subject, "namespace"));
    out.push_back((kind == "ServiceAccount" ? ns + "/" : "") + std::string(json::str(subject, "name")));
  }
  return join(out, ", ");
}

ResourceType role(const char* plural, const char* kind, bool namespaced) {
  ResourceType type = builtin(kGroup, "v1", plural, kind, namespaced);
  type.check_name = kube::check_path_segment;
  type.validate = [namespaced](const Object& o, Causes& causes) { validate_role(o, namespaced, causes); };
  type.columns = {{"Created At", "date", "", ""}};
  type.cells = [](const Object& o) { return json::array{json::str(o, "metadata.creationTimestamp")}; };
  type.age_column = false;
  return type;
}

ResourceType binding(const char* plural, const char* kind, bool namespaced) {
  ResourceType type = builtin(kGroup, "v1", plural, kind, namespaced);
  type.check_name = kube::check_path_segment;
  type.defaults = default_binding;
  type.validate = [namespaced](const Object& o, Causes& causes) { validate_binding(o, namespaced, causes); };
  type.validate_update = [](const Object& before, const Object& after, Causes& causes) {
    const json::value* ref = json::find(after, "roleRef");
    if (const json::value* old = json::find(before, "roleRef"); old != nullptr && ref != nullptr && *old != *ref)
      causes.push_back(kube::invalid_value("roleRef", *ref, "cannot change roleRef"));
  };
  type.columns = {{"Role", "string", "",
                   "RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace."},
                  {"Users", "string", "", "Users in the binding", 1},
                  {"Groups", "string", "", "Groups in the binding", 1},
                  {"ServiceAccounts", "string", "", "ServiceAccounts in the binding", 1}};
  type.cells = [](const Object& o) {
    return json::array{std::string(json::str(o, "roleRef.kind")) + "/" + std::string(json::str(o, "roleRef.name")),
                       subjects_text(o, "User"), subjects_text(o, "Group"), subjects_text(o, "ServiceAccount")};
  };
  return type;
}

}  // namespace

void add_rbac(std::vector<ResourceType>& out) {
  out.push_back(binding("clusterrolebindings", "ClusterRoleBinding", false));
  out.push_back(role("clusterroles", "ClusterRole", false));
  out.push_back(binding("rolebindings", "RoleBinding", true));
  out.push_back(role("roles", "Role", true));
}

}  // namespace spoke::cluster::kinds
