// CustomResourceDefinition, and the kinds that it defines.
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "cluster/api/kinds/common.h"
#include "kube/builtin_types.h"

namespace spoke::cluster {

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

// What a client of a deprecated version is told, where the definition does not say it: which one to use instead.
std::string deprecation(const Object& definition, const json::value& version, const client::Resource& id) {
  if (const std::string_view given = json::str(version, "deprecationWarning"); !given.empty())
    return std::string(given);
  std::string text = fmt::format("{} {} is deprecated", id.api_version(), id.kind);
  for (const auto& other : json::list(definition, "spec.versions"))
    if (json::flag(other, "served") && !json::flag(other, "deprecated"))
      return text + fmt::format("; use {}/{} {}", id.group, json::str(other, "name"), id.kind);
  return text;
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
               std::string(json::str(definition, "spec.names.plural")),
               std::string(json::str(definition, "spec.names.kind")),
               json::str(definition, "spec.scope") == "Namespaced"};
    type.singular = json::str(definition, "spec.names.singular", lower(type.id.kind));
    type.short_names = words("spec.names.shortNames");
    type.categories = words("spec.names.categories");
    type.custom = type.has_generation = true;
    type.has_status = json::find(version, "subresources.status") != nullptr;
    type.storage = type.id.group + "/" + type.id.plural;
    type.unconditional_update = false;
    if (const json::value* scale = json::find(version, "subresources.scale"))
      type.scale = ResourceType::Scale{std::string(json::str(*scale, "specReplicasPath")),
                                       std::string(json::str(*scale, "statusReplicasPath")),
                                       std::string(json::str(*scale, "labelSelectorPath"))};
    if (json::flag(version, "deprecated")) type.deprecated = deprecation(definition, version, type.id);
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
      if (const auto path = json::str(field, "jsonPath"); path.starts_with('.'))
        type.field_names.emplace_back(path.substr(1));
    if (!type.field_names.empty())
      type.fields = [names = type.field_names](const Object& o, Fields& fields) {
        for (const auto& name : names) {
          const json::value* found = by_json_path(o, name);
          fields.emplace_back(name, found == nullptr     ? ""
                                    : found->is_string() ? json::to_string(found->get_string())
                                                         : json::dump(*found));
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

void validate_names(const Object& o, Causes& causes) {
  for (const char* member : {"plural", "singular", "kind", "listKind"}) {
    const std::string path = std::string("spec.names.") + member;
    const std::string text(json::str(o, path));
    const bool mixed = std::string_view(member).ends_with("ind");
    if (text.empty()) {
      causes.push_back(kube::required(path, ""));
      continue;
    }
    for (const auto& why : kube::check_dns1035_label(mixed ? lower(text) : text))
      causes.push_back(kube::invalid_value(path, json::value(text),
                                           mixed ? "may have mixed case, but should otherwise match: " + why : why));
  }
  for (const auto& name : json::list(o, "spec.names.shortNames"))
    for (const auto& why : kube::check_dns1035_label(json::to_string(name.as_string())))
      causes.push_back(kube::invalid_value("spec.names.shortNames", name, why));
}

// A list of versions as Go writes the internal type, which tells no schema where all versions share one.
json::value shown_versions(const json::array& versions) {
  if (versions.empty()) return nullptr;
  json::array out;
  for (const auto& v : versions)
    out.push_back(json::object{{"Name", json::str(v, "name")},
                               {"Served", json::flag(v, "served")},
                               {"Storage", json::flag(v, "storage")},
                               {"Deprecated", json::flag(v, "deprecated")},
                               {"DeprecationWarning", nullptr},
                               {"Schema", nullptr},
                               {"Subresources", nullptr},
                               {"AdditionalPrinterColumns", nullptr},
                               {"SelectableFields", nullptr}});
  return out;
}

// One schema that all versions share is the definition's own in the API server's eyes.
void validate_schemas(const json::array& versions, Causes& causes) {
  const auto schema_of = [](const json::value& version) { return json::find(version, "schema.openAPIV3Schema"); };
  const json::value* first = versions.empty() ? nullptr : schema_of(versions.front());
  const bool shared = first != nullptr && std::all_of(versions.begin(), versions.end(), [&](const json::value& v) {
                        return schema_of(v) != nullptr && *schema_of(v) == *first;
                      });
  if (shared) {
    kube::structural_schema(*first, "spec.validation.openAPIV3Schema", causes);
    return;
  }
  size_t i = 0;
  for (const auto& version : versions) {
    const std::string at = "spec.versions[" + std::to_string(i++) + "].schema.openAPIV3Schema";
    if (schema_of(version) == nullptr)
      causes.push_back(kube::required(at, ""));
    else
      kube::structural_schema(*schema_of(version), at, causes);
  }
}

void validate_definition(const Object& o, Causes& causes) {
  static const std::vector<std::string> scopes{"Cluster", "Namespaced"};
  const std::string expected =
      std::string(json::str(o, "spec.names.plural")) + "." + std::string(json::str(o, "spec.group"));
  if (kube::name(o) != expected)
    causes.push_back(
        kube::invalid_value("metadata.name", json::value(kube::name(o)), "must be spec.names.plural+\".\"+spec.group"));
  validate_names(o, causes);
  const std::string group(json::str(o, "spec.group"));
  if (group.find('.') == std::string::npos)
    causes.push_back(kube::invalid_value("spec.group", json::value(group), "should be a domain with at least one dot"));
  for (const auto& [kind, schema] : kube::BuiltinTypes::instance().kinds())
    if (kind.starts_with(group + "/")) {
      causes.push_back(kube::invalid_value("spec.group", json::value(group), "is a group of built-in kinds"));
      break;
    }
  const std::string_view scope = json::str(o, "spec.scope");
  if (scope.empty())
    causes.push_back(kube::required("spec.scope", ""));
  else if (!kinds::one_of(scopes, scope))
    causes.push_back(kube::not_supported("spec.scope", scope, scopes));

  const auto& versions = json::list(o, "spec.versions");
  std::set<std::string, std::less<>> names;
  size_t storing = 0, i = 0;
  for (const auto& version : versions) {
    const std::string_view name = json::str(version, "name");
    storing += json::flag(version, "storage") ? 1 : 0;
    names.emplace(name);
    size_t k = 0;
    for (const auto& field : json::list(version, "selectableFields")) {
      const std::string at = fmt::format("spec.versions[{}].selectableFields[{}].jsonPath", i, k++);
      const std::string_view path = json::str(field, "jsonPath");
      if (path.empty())
        causes.push_back(kube::required(at, ""));
      else if (!path.starts_with('.'))
        causes.push_back(kube::invalid_value(at, json::value(path), "must be a simple path that begins with a dot"));
    }
    for (const auto& why : kube::check_dns1035_label(name)) {
      // The first version has a place of its own, from the time when there was only one.
      if (i == 0) causes.push_back(kube::invalid_value("spec.version", json::value(name), why));
      causes.push_back(kube::invalid_value("spec.versions[" + std::to_string(i) + "].name", json::value(name), why));
    }
    ++i;
  }
  if (names.size() != versions.size())
    causes.push_back(
        kube::invalid_value("spec.versions", shown_versions(versions), "must contain unique version names"));
  if (storing != 1)
    causes.push_back(kube::invalid_value("spec.versions", shown_versions(versions),
                                         "must have exactly one version marked as storage version"));
  if (storing == 0)
    causes.push_back(kube::invalid_value("status.storedVersions", nullptr, "must have at least one stored version"));
  validate_schemas(versions, causes);
}

// The names and scope of a kind that is served are fixed.
void validate_definition_update(const Object& before, const Object& after, Causes& causes) {
  for (const char* path : {"spec.group", "spec.scope", "spec.names.kind", "spec.names.plural"})
    if (json::str(before, path) != json::str(after, path))
      causes.push_back(kube::invalid_value(path, json::value(json::str(after, path)), "field is immutable"));
}

void accept(Object& o) {
  const std::string at = rfc3339(now());
  json::array stored;
  for (const auto& version : json::list(o, "spec.versions"))
    if (json::flag(version, "storage")) stored.emplace_back(json::str(version, "name"));
  json::set(o, "status",
            json::object{{"conditions", json::array()},
                         {"acceptedNames", *json::find(o, "spec.names")},
                         {"storedVersions", std::move(stored)}});
  kube::set_condition(o, "NamesAccepted", "True", "NoConflicts", "no conflicts found", at);
  kube::set_condition(o, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", at);
}

}  // namespace

void add_custom_resource_definitions(std::vector<ResourceType>& out) {
  ResourceType type =
      builtin("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);
  type.short_names = {"crd", "crds"};
  type.categories = {"api-extensions"};
  type.has_status = type.has_generation = true;
  type.defaults = default_definition;
  type.on_create = [](Object& o) {
    // Names are accepted as soon as it is written, so that a client that waits for Established waits for nothing.
    if (json::find(o, "spec.names") != nullptr) accept(o);
  };
  type.unconditional_update = false;
  type.validate = validate_definition;
  type.validate_update = validate_definition_update;
  type.columns = {{"Created At", "date", "", ""}};
  type.cells = [](const Object& o) { return json::array{json::str(o, "metadata.creationTimestamp")}; };
  type.age_column = false;
  out.push_back(std::move(type));
}

}  // namespace kinds
}  // namespace spoke::cluster
