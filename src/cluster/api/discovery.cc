#include "cluster/api/discovery.h"

#include <map>
#include <set>

#include "base/strings.h"

namespace spoke::cluster {
namespace {

struct Subresource {
  const char *plural, *name, *kind, *group, *version;
  std::vector<const char*> verbs;
};

const std::vector<Subresource>& subresources() {
  static const std::vector<Subresource> all{
      {"namespaces", "finalize", "Namespace", "", "", {"update"}},
      {"pods", "attach", "PodAttachOptions", "", "", {"create", "get"}},
      {"pods", "binding", "Binding", "", "", {"create"}},
      {"pods", "eviction", "Eviction", "policy", "v1", {"create"}},
      {"pods", "exec", "PodExecOptions", "", "", {"create", "get"}},
      {"pods", "log", "Pod", "", "", {"get"}},
      {"pods", "portforward", "PodPortForwardOptions", "", "", {"create", "get"}},
      {"serviceaccounts", "token", "TokenRequest", "authentication.k8s.io", "v1", {"create"}},
  };
  return all;
}

// Groups in the order of /apis: the version that stands first is preferred.
std::vector<std::pair<std::string, std::vector<std::string>>> groups(const Catalog& catalog) {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;
  for (const auto& type : catalog.all()) {
    if (type->id.group.empty()) continue;
    auto it = std::find_if(out.begin(), out.end(), [&](const auto& g) { return g.first == type->id.group; });
    if (it == out.end()) it = out.insert(out.end(), {type->id.group, {}});
    if (std::find(it->second.begin(), it->second.end(), type->id.version) == it->second.end())
      it->second.push_back(type->id.version);
  }
  for (const char* virtual_group : {"authentication.k8s.io", "authorization.k8s.io"})
    out.push_back({virtual_group, {"v1"}});
  return out;
}

json::array words(const std::vector<std::string>& list) {
  json::array out;
  for (const auto& w : list) out.emplace_back(w);
  return out;
}

json::value group_value(const std::string& name, const std::vector<std::string>& versions) {
  json::array list;
  for (const auto& v : versions) list.push_back(json::object{{"groupVersion", name + "/" + v}, {"version", v}});
  const json::value preferred = list.front();
  return json::object{{"name", name}, {"versions", std::move(list)}, {"preferredVersion", preferred}};
}

// Group and version are told where they differ from the list's own.
json::object response_kind(std::string_view group, std::string_view version, std::string_view kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

json::array verbs_of(const Subresource& s) {
  json::array out;
  for (const char* verb : s.verbs) out.emplace_back(verb);
  return out;
}

}  // namespace

json::value root_paths(const Catalog& catalog) {
  std::set<std::string> paths{"/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"};
  for (const auto& [group, versions] : groups(catalog)) {
    paths.insert("/apis/" + group);
    for (const auto& version : versions) paths.insert("/apis/" + group + "/" + version);
  }
  json::array list;
  for (const auto& path : paths) list.emplace_back(path);
  return json::object{{"paths", std::move(list)}};
}

json::value api_versions(std::string_view server_address) {
  return json::object{{"kind", "APIVersions"},
                      {"versions", json::array{"v1"}},
                      {"serverAddressByClientCIDRs",
                       json::array{json::object{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", server_address}}}}};
}

json::value api_groups(const Catalog& catalog) {
  json::array list;
  for (const auto& [name, versions] : groups(catalog)) list.push_back(group_value(name, versions));
  return json::object{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(list)}};
}

std::optional<json::value> api_group(const Catalog& catalog, std::string_view group) {
  for (const auto& [name, versions] : groups(catalog)) {
    if (name != group) continue;
    json::value v = group_value(name, versions);
    json::object out{{"kind", "APIGroup"}, {"apiVersion", "v1"}};
    for (auto& [key, member] : v.get_object()) out[key] = std::move(member);
    return out;
  }
  return std::nullopt;
}

std::optional<json::value> api_resources(const Catalog& catalog, std::string_view group, std::string_view version) {
  std::map<std::string, json::object> rows;
  for (const auto& type : catalog.all()) {
    if (type->id.group != group || type->id.version != version) continue;
    json::object row{{"name", type->id.plural},
                     {"singularName", type->singular},
                     {"namespaced", type->id.namespaced},
                     {"kind", type->id.kind},
                     {"verbs", words(type->verbs())}};
    if (!type->short_names.empty()) row["shortNames"] = words(type->short_names);
    if (!type->categories.empty()) row["categories"] = words(type->categories);
    rows[type->id.plural] = std::move(row);
    if (type->has_status)
      rows[type->id.plural + "/status"] = json::object{{"name", type->id.plural + "/status"},
                                                       {"singularName", ""},
                                                       {"namespaced", type->id.namespaced},
                                                       {"kind", type->id.kind},
                                                       {"verbs", json::array{"get", "patch", "update"}}};
    if (type->scale)
      rows[type->id.plural + "/scale"] = json::object{{"name", type->id.plural + "/scale"},
                                                      {"singularName", ""},
                                                      {"namespaced", type->id.namespaced},
                                                      {"group", "autoscaling"},
                                                      {"version", "v1"},
                                                      {"kind", "Scale"},
                                                      {"verbs", json::array{"get", "patch", "update"}}};
    if (!group.empty()) continue;
    for (const auto& s : subresources())
      if (type->id.plural == s.plural) {
        const std::string name = type->id.plural + "/" + s.name;
        json::object sub{{"name", name}, {"singularName", ""}, {"namespaced", type->id.namespaced}};
        if (*s.group != 0) sub["group"] = s.group;
        if (*s.version != 0) sub["version"] = s.version;
        sub["kind"] = s.kind;
        sub["verbs"] = verbs_of(s);
        rows[name] = std::move(sub);
      }
  }
  const auto review = [&](const char* plural, const char* kind, bool namespaced) {
    rows[plural] = json::object{{"name", plural},
                                {"singularName", lower(kind)},
                                {"namespaced", namespaced},
                                {"kind", kind},
                                {"verbs", json::array{"create"}}};
  };
  if (group.empty() && version == "v1") review("bindings", "Binding", true);
  if (group == "authentication.k8s.io" && version == "v1") {
    review("selfsubjectreviews", "SelfSubjectReview", false);
    review("tokenreviews", "TokenReview", false);
  }
  if (group == "authorization.k8s.io" && version == "v1") {
    review("selfsubjectaccessreviews", "SelfSubjectAccessReview", false);
    review("subjectaccessreviews", "SubjectAccessReview", false);
  }
  if (rows.empty()) return std::nullopt;
  json::array list;
  for (auto& [name, row] : rows) list.push_back(std::move(row));
  json::object out{{"kind", "APIResourceList"}};
  if (!group.empty()) out["apiVersion"] = "v1";
  out["groupVersion"] = group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
  out["resources"] = std::move(list);
  return out;
}

bool wants_aggregated(std::string_view accept) {
  const auto first = accept.substr(0, accept.find(','));
  return first.find("as=APIGroupDiscoveryList") != std::string_view::npos &&
         first.find("v=v2") != std::string_view::npos && first.find("v=v2beta1") == std::string_view::npos;
}

json::value aggregated(const Catalog& catalog, bool core) {
  json::array items;
  const auto add = [&](const std::string& group, const std::vector<std::string>& versions) {
    json::array list;
    for (const auto& version : versions) {
      const auto resources = api_resources(catalog, group, version);
      if (!resources) continue;
      json::array entries;
      std::map<std::string, json::array> subs;
      for (const auto& r : json::list(*resources, "resources")) {
        const std::string name(json::str(r, "name"));
        const auto slash = name.find('/');
        if (slash == std::string::npos) continue;
        const std::string sub_group(json::str(r, "group")), sub_version(json::str(r, "version"));
        subs[name.substr(0, slash)].push_back(
            json::object{{"subresource", name.substr(slash + 1)},
                         {"responseKind", response_kind(sub_group, sub_version, json::str(r, "kind"))},
                         {"verbs", json::list(r, "verbs")}});
      }
      for (const auto& r : json::list(*resources, "resources")) {
        const std::string name(json::str(r, "name"));
        if (name.find('/') != std::string::npos) continue;
        json::object entry{{"resource", name},
                           {"responseKind", response_kind("", "", json::str(r, "kind"))},
                           {"scope", json::flag(r, "namespaced") ? "Namespaced" : "Cluster"},
                           {"singularResource", json::str(r, "singularName")},
                           {"verbs", json::list(r, "verbs")}};
        for (const char* extra : {"shortNames", "categories"})
          if (const auto& list_of = json::list(r, extra); !list_of.empty()) entry[extra] = list_of;
        if (subs.contains(name)) entry["subresources"] = subs[name];
        entries.push_back(std::move(entry));
      }
      list.push_back(json::object{{"version", version}, {"resources", std::move(entries)}, {"freshness", "Current"}});
    }
    json::object metadata;
    if (!group.empty()) metadata["name"] = group;
    items.push_back(json::object{{"metadata", std::move(metadata)}, {"versions", std::move(list)}});
  };
  if (core)
    add("", {"v1"});
  else
    for (const auto& [group, versions] : groups(catalog)) add(group, versions);
  return json::object{{"kind", "APIGroupDiscoveryList"},
                      {"apiVersion", "apidiscovery.k8s.io/v2"},
                      {"metadata", json::object()},
                      {"items", std::move(items)}};
}

json::value server_version() {
  // The Kubernetes version whose behaviour this is; clients compare it with their own.
  return json::object{{"major", "1"},
                      {"minor", "34"},
                      {"emulationMajor", "1"},
                      {"emulationMinor", "34"},
                      {"minCompatibilityMajor", "1"},
                      {"minCompatibilityMinor", "33"},
                      {"gitVersion", "v1.34.2+spoke" SPOKE_VERSION},
                      {"gitCommit", ""},
                      {"gitTreeState", "clean"},
                      {"buildDate", "1970-01-01T00:00:00Z"},
                      {"goVersion", "none"},
                      {"compiler", "clang"},
                      {"platform", "linux/amd64"}};
}

namespace {

std::string group_path(std::string_view group, std::string_view version) {
  return group.empty() ? "api/" + std::string(version) : "apis/" + std::string(group) + "/" + std::string(version);
}

// "io.k8s.v1.Pod"; only needs to be unique within the document.
std::string schema_name(const ResourceType& type) {
  std::string group;
  for (auto parts = split(type.id.group.empty() ? "core" : type.id.group, '.'); !parts.empty(); parts.pop_back())
    group += parts.back() + ".";
  return group + type.id.version + "." + type.id.kind;
}

}  // namespace

json::value open_api_root(const Catalog& catalog) {
  json::object paths;
  std::set<std::string> seen;
  for (const auto& type : catalog.all()) {
    const std::string path = group_path(type->id.group, type->id.version);
    if (!seen.insert(path).second) continue;
    size_t hash = 0;  // changes with what is served, so that clients may cache for ever
    for (const auto& t : catalog.all())
      hash = hash * 31 + std::hash<std::string>()(t->id.plural) + reinterpret_cast<std::uintptr_t>(t->schema.get());
    paths[path] = json::object{{"serverRelativeURL", fmt::format("/openapi/v3/{}?hash={:016X}", path, hash)}};
  }
  return json::object{{"paths", std::move(paths)}};
}

std::optional<json::value> open_api(const Catalog& catalog, std::string_view group, std::string_view version) {
  json::object paths, schemas;
  for (const auto& type : catalog.all()) {
    if (type->id.group != group || type->id.version != version) continue;
    const std::string name = schema_name(*type);
    const json::array kinds{
        json::object{{"group", type->id.group}, {"version", type->id.version}, {"kind", type->id.kind}}};
    json::value schema =
        type->schema ? kube::to_open_api(*type->schema) : json::value(json::object{{"type", "object"}});
    schema.as_object()["x-kubernetes-group-version-kind"] = kinds;
    schemas[name] = std::move(schema);
    const json::value& gvk = kinds[0];
    const std::string base =
        "/" + group_path(group, version) + (type->id.namespaced ? "/namespaces/{namespace}/" : "/") + type->id.plural;
    const auto query = [](const char* parameter) {
      return json::object{
          {"name", parameter}, {"in", "query"}, {"schema", json::object{{"type", "string"}, {"uniqueItems", true}}}};
    };
    const json::array parameters{query("dryRun"), query("fieldManager"), query("fieldValidation")};
    const auto operation = [&](const char* action) {
      return json::object{{"x-kubernetes-action", action},
                          {"x-kubernetes-group-version-kind", gvk},
                          {"parameters", parameters},
                          {"responses", json::object{{"200", json::object{{"description", "OK"}}}}}};
    };
    paths[base] = json::object{{"get", operation("list")}, {"post", operation("post")}};
    paths[base + "/{name}"] = json::object{{"get", operation("get")},
                                           {"put", operation("put")},
                                           {"patch", operation("patch")},
                                           {"delete", operation("delete")}};
  }
  if (paths.empty()) return std::nullopt;
  return json::object{{"openapi", "3.0.0"},
                      {"info", json::object{{"title", "Kubernetes"}, {"version", "v1.34.2"}}},
                      {"paths", std::move(paths)},
                      {"components", json::object{{"schemas", std::move(schemas)}}}};
}

}  // namespace spoke::cluster
