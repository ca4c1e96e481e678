#include "cluster/api/privileges.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "kube/meta.h"
#include "kube/status.h"
#include "net/http.h"

namespace spoke::cluster {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

std::vector<std::string> texts(const json::value& rule, std::string_view member) {
  std::vector<std::string> out;
  for (const auto& v : json::list(rule, member))
    if (v.is_string()) out.push_back(json::to_string(v.get_string()));
  return out;
}

// Each permission of a rule by itself, as a request that would need it. A `*` in it needs a `*` of the holder.
std::vector<Attributes> permissions(const json::value& rule, const std::string& ns) {
  std::vector<Attributes> out;
  const auto verbs = texts(rule, "verbs");
  for (const auto& path : texts(rule, "nonResourceURLs"))
    for (const auto& verb : verbs) out.push_back({verb, "", "", "", "", path});
  std::vector<std::string> names = texts(rule, "resourceNames");
  if (names.empty()) names.emplace_back();
  for (const auto& group : texts(rule, "apiGroups"))
    for (const auto& resource : texts(rule, "resources"))
      for (const auto& verb : verbs)
        for (const auto& name : names) out.push_back({verb, group, resource, ns, name, ""});
  return out;
}

std::string shown(const Attributes& what) {
  if (what.resource.empty()) return fmt::format("{{NonResourceURLs:[\"{}\"], Verbs:[\"{}\"]}}", what.path, what.verb);
  const std::string names = what.name.empty() ? "" : fmt::format(", ResourceNames:[\"{}\"]", what.name);
  return fmt::format("{{APIGroups:[\"{}\"], Resources:[\"{}\"]{}, Verbs:[\"{}\"]}}", what.group, what.resource, names,
                     what.verb);
}

}  // namespace

void refuse_escalation(Authorizer& authorizer, const Store& store, const Identity& who, const ResourceType& type,
                       const Object* before, const Object& after) {
  if (type.id.group != kGroup) return;
  const std::string name(kube::name(after)), ns(kube::ns(after));
  const bool binding = type.id.kind.ends_with("Binding");
  const char* what = binding ? "roleRef" : "rules";
  const auto part = [&](const Object& o) {
    return json::find(o, what) != nullptr ? *json::find(o, what) : json::value();
  };
  if (before != nullptr && part(*before) == part(after) &&
      (!binding || json::list(*before, "subjects") == json::list(after, "subjects")))
    return;
  json::array rules = json::list(after, "rules");
  if (binding) {
    const bool of_cluster = json::str(after, "roleRef.kind") == "ClusterRole";
    const std::string role(json::str(after, "roleRef.name")), roles = of_cluster ? "clusterroles" : "roles";
    if (authorizer.allowed(who, {"bind", std::string(kGroup), roles, ns, role, ""})) return;
    const Entry* found = store.find(fmt::format("{}/{}/{}/{}", kGroup, roles, of_cluster ? "" : ns, role));
    if (found == nullptr) throw kube::not_found(kGroup, type.id.plural, name);  // as the API server words it
    rules = json::list(json::parse(*found->body), "rules");
  } else if (authorizer.allowed(who, {"escalate", std::string(kGroup), type.id.plural, ns, name, ""})) {
    return;
  }
  constexpr size_t kMany = 100;  // that are told
  std::vector<std::string> missing;
  for (const auto& rule : rules)
    for (const auto& permission : permissions(rule, ns))
      if (missing.size() < kMany && !authorizer.allowed(who, permission)) missing.push_back(shown(permission));
  if (missing.empty()) return;
  throw kube::forbidden(
      kGroup, type.id.plural, name,
      fmt::format("user \"{}\" (groups=[\"{}\"]) is attempting to grant RBAC permissions not currently "
                  "held:\n{}",
                  who.name, join(who.groups, "\" \""), join(missing, "\n")));
}

Identity acting_as(Authorizer& authorizer, Identity who, const net::Headers& headers) {
  constexpr std::string_view kExtra = "impersonate-extra-";
  std::string user, uid;
  std::vector<std::string> groups;
  json::object extra;
  for (const auto& [given, value] : headers) {
    if (!given.starts_with('I') && !given.starts_with('i')) continue;  // each request comes by here
    const std::string name = lower(given);
    if (name == "impersonate-user") user = value;
    if (name == "impersonate-uid") uid = value;
    if (name == "impersonate-group") groups.push_back(value);
    if (name.starts_with(kExtra)) {
      json::value& values = extra[name.substr(kExtra.size())];
      if (!values.is_array()) values.emplace_array();
      values.get_array().emplace_back(value);
    }
  }
  if (user.empty() && uid.empty() && groups.empty() && extra.empty()) return who;
  if (user.empty()) throw kube::bad_request("requested impersonation without impersonating a user");

  const auto demand = [&](std::string group, std::string resource, std::string ns, std::string name) {
    if (authorizer.allowed(who, {"impersonate", group, resource, ns, name, ""})) return;
    throw kube::forbidden(
        group, resource, name,
        fmt::format("User \"{}\" cannot impersonate resource \"{}\" in API group \"{}\" {}", who.name, resource, group,
                    ns.empty() ? "at the cluster scope" : "in the namespace \"" + ns + "\""));
  };
  constexpr std::string_view kAccount = "system:serviceaccount:";
  if (user.starts_with(kAccount)) {
    const auto parts = split(std::string_view(user).substr(kAccount.size()), ':');
    if (parts.size() != 2) throw kube::bad_request("invalid impersonation: " + user + " is no service account");
    demand("", "serviceaccounts", parts[0], parts[1]);
    if (groups.empty()) groups = {"system:serviceaccounts", "system:serviceaccounts:" + parts[0]};
  } else {
    demand("", "users", "", user);
  }
  for (const auto& group : groups)
    if (!group.starts_with("system:serviceaccounts") || !user.starts_with(kAccount)) demand("", "groups", "", group);
  if (!uid.empty()) demand("authentication.k8s.io", "uids", "", uid);
  for (const auto& [key, values] : extra)
    for (const auto& value : values.get_array())
      demand("authentication.k8s.io", "userextras/" + std::string(key), "", json::to_string(value.get_string()));
  if (user != "system:anonymous" && std::ranges::find(groups, "system:authenticated") == groups.end())
    groups.emplace_back("system:authenticated");
  return {user, uid, groups, extra};
}

}  // namespace spoke::cluster
