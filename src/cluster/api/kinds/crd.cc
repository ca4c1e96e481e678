// CustomResourceDefinition, and the kinds that it defines.
#include "base/strings.h"
#include "cluster/api/kinds/common.h"

namespace spoke::cluster {

using kinds::default_to;

namespace {

// A JSON path as printer columns use it: ".status.applicationState.state", ".spec.list[0].name", "['a.b']".
const json::value* by_json_path(const Object& o, std::string_view path) {
  const json::value* at = &o;
  if (path.starts_with('.')) path.remove_prefix(1);
  while (at != nullptr && !path.empty()) {
    if (path.starts_with('[')) {
      const auto end = path.find(']');
      if (end == std::string_view::npos) return nullptr;
      std::string_view inside = path.substr(1, end - 1);
      path.remove_prefix(end + 1);
      if (inside.size() >= 2 && inside.front() == '\'' && inside.back() == '\'') {
        at = json::find_member(*at, inside.substr(1, inside.size() - 2));
      } else {
        const auto index = to_int(inside);
        at = index && *index >= 0 && at->is_array() && static_cast<size_t>(*index) < at->get_array().size()
                 ? &at->get_array()[static_cast<size_t>(*index)]
                 : nullptr;
      }
    } else {
      std::string name;
      size_t i = 0;
      for (; i < path.size() && path[i] != '.' && path[i] != '['; ++i) {
        if (path[i] == '\\' && i + 1 < path.size()) ++i;
        name += path[i];
      }
      path.remove_prefix(i);
      at = json::find_member(*at, name);
    }
    if (path.starts_with('.')) path.remove_prefix(1);
  }
  return at;
}

json::value cell(const Object& o, std::string_view path, std::string_view type) {
  const json::value* found = by_json_path(o, path);
  if (found == nullptr || found->is_null()) return nullptr;
  if (type == "date") {
    const auto t = found->is_string() ? parse_rfc3339(json::to_string(found->get_string())) : std::nullopt;
    return t ? json::value(human_duration(now() - *t)) : json::value("<unknown>");
  }
  if (type == "string" && !found->is_string()) return json::value(json::dump(*found));
  return *found;
}

}  // namespace

std::vector<ResourceType> custom_types(const Object& definition) {
  std::vector<ResourceType> out;
  const auto words = [&](const char* path) {
    std::vector<std::string> list;
    for (const auto& w : json::list(definition, path))
      if (w.is_string()) list.push_back(json::to_string(w.get_string()));
    return list;
  };
  for (const auto& version : json::list(definition, "spec.versions")) {
    if (!json::flag(version, "served")) continue;
    ResourceType type;
    type.id = {std::string(json::str(definition, "spec.group")), std::string(json::str(version, "name")),
               std::string(json::str(definition, "spec.names.plural")), std::string(json::str(definition, "spec.names.kind")),
               json::str(definition, "spec.scope") == "Namespaced"};
    type.singular = json::str(definition, "spec.names.singular", lower(type.id.kind));
    type.short_names = words("spec.names.shortNames");
    type.categories = words("spec.names.categories");
    type.custom = type.has_generation = true;
    type.has_status = json::find(version, "subresources.status") != nullptr;
    type.storage = type.id.group + "/" + type.id.plural;
    Causes causes;
    if (const json::value* schema = json::find(version, "schema.openAPIV3Schema"))
      type.schema = kube::structural_schema(*schema, "", causes);
    // Objects are stored in whatever version they came in; without conversion all versions have one shape.
    const std::string api_version = type.id.api_version();
    type.from_storage = [api_version](Object o) {
      json::set(o, "apiVersion", api_version);
      return o;
    };
    std::vector<std::pair<std::string, std::string>> paths;  // of the cells: JSON path and type
    bool age = false;
    for (const auto& column : json::list(version, "additionalPrinterColumns")) {
      type.columns.push_back({std::string(json::str(column, "name")), std::string(json::str(column, "type")),
                              std::string(json::str(column, "format")), std::string(json::str(column, "description")),
                              static_cast<int>(json::num(column, "priority"))});
      paths.emplace_back(json::str(column, "jsonPath"), json::str(column, "type"));
      age = true;
    }
    type.age_column = !age;
    type.cells = [paths](const Object& o) {
      json::array cells;
      for (const auto& [path, kind] : paths) cells.push_back(cell(o, path, kind));
      return cells;
    };
    for (const auto& field : json::list(version, "selectableFields"))
      type.field_names.emplace_back(json::str(field, "jsonPath").substr(1));
    if (!type.field_names.empty())
      type.fields = [names = type.field_names](const Object& o, Fields& fields) {
        for (const auto& name : names) {
          const json::value* found = by_json_path(o, name);
          fields.emplace_back(name, found == nullptr ? "" : found->is_string() ? json::to_string(found->get_string()) : json::dump(*found));
        }
      };
    out.push_back(std::move(type));
  }
  return out;
}

namespace kinds {
namespace {

void default_definition(Object& o) {
  if (const std::string_view kind = json::str(o, "spec.names.kind"); !kind.empty()) {
    default_to(o, "spec.names.singular", lower(kind));
    default_to(o, "spec.names.listKind", std::string(kind) + "List");
  }
  default_to(o, "spec.conversion.strategy", "None");
}

void validate_definition(const Object& o, Causes& causes) {
  const std::string expected = std::string(json::str(o, "spec.names.plural")) + "." + std::string(json::str(o, "spec.group"));
  if (kube::name(o) != expected)
    causes.push_back(kube::invalid_value("metadata.name", json::value(kube::name(o)), "must be spec.names.plural+\".\"+spec.group"));
  const std::string_view scope = json::str(o, "spec.scope");
  if (scope.empty()) causes.push_back(kube::required("spec.scope", ""));
  else if (scope != "Namespaced" && scope != "Cluster")
    causes.push_back(kube::not_supported("spec.scope", scope, {"Cluster", "Namespaced"}));
  size_t storing = 0, i = 0;
  for (const auto& version : json::list(o, "spec.versions")) {
    const std::string at = "spec.versions[" + std::to_string(i++) + "]";
    storing += json::flag(version, "storage") ? 1 : 0;
    for (const auto& why : kube::check_dns1035_label(json::str(version, "name")))
      causes.push_back(kube::invalid_value(at + ".name", json::value(json::str(version, "name")), why));
    const json::value* schema = json::find(version, "schema.openAPIV3Schema");
    if (schema == nullptr)
      causes.push_back(kube::required(at + ".schema.openAPIV3Schema", "schemas are required"));
    else
      kube::structural_schema(*schema, at + ".schema.openAPIV3Schema", causes);
  }
  if (storing != 1)
    causes.push_back(kube::invalid_value("spec.versions", json::value(*json::find(o, "spec")).as_object()["versions"],
                                         "must have exactly one version marked as storage version"));
}

void accept(Object& o) {
  const std::string at = rfc3339(now());
  json::array stored;
  for (const auto& version : json::list(o, "spec.versions"))
    if (json::flag(version, "storage")) stored.emplace_back(json::str(version, "name"));
  json::set(o, "status", json::object{{"conditions", json::array()},
                                      {"acceptedNames", *json::find(o, "spec.names")},
                                      {"storedVersions", std::move(stored)}});
  kube::set_condition(o, "NamesAccepted", "True", "NoConflicts", "no conflicts found", at);
  kube::set_condition(o, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", at);
}

}  // namespace

void add_custom_resource_definitions(std::vector<ResourceType>& out) {
  ResourceType type = builtin("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);
  type.short_names = {"crd", "crds"};
  type.categories = {"api-extensions"};
  type.has_status = type.has_generation = true;
  type.defaults = default_definition;
  type.on_create = [](Object& o) {
    // Names are accepted as soon as it is written, so that a client that waits for Established waits for nothing.
    if (json::find(o, "spec.names") != nullptr) accept(o);
  };
  type.validate = validate_definition;
  type.columns = {{"Created At", "date", "", ""}};
  type.cells = [](const Object& o) { return json::array{json::str(o, "metadata.creationTimestamp")}; };
  type.age_column = false;
  out.push_back(std::move(type));
}

}  // namespace kinds
}  // namespace spoke::cluster
