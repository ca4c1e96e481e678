// A CustomResourceDefinition's openAPIV3Schema as a Schema.

#include <fmt/format.h>

#include <utility>

#include "kube/schema.h"
#include "kube/schema_validate.h"
#include "kube/structural_rules.h"

namespace spoke::kube {
namespace {

using Type = Schema::Type;
using Merge = Schema::Merge;

const json::value* member(const json::value& s, std::string_view name) {
  const json::value* found = json::find_member(s, name);
  return found != nullptr && !found->is_null() ? found : nullptr;
}

std::string text(const json::value& s, std::string_view name) {
  const json::value* found = member(s, name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

bool flag(const json::value& s, std::string_view name) {
  const json::value* found = member(s, name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

std::optional<double> number(const json::value& s, std::string_view name) {
  const json::value* found = member(s, name);
  return found != nullptr && found->is_number() ? std::optional(found->to_number<double>()) : std::nullopt;
}

std::optional<std::int64_t> count(const json::value& s, std::string_view name) {
  const json::value* found = member(s, name);
  return found != nullptr && found->is_int64() ? std::optional(found->get_int64()) : std::nullopt;
}

std::vector<std::string> texts(const json::value& s, std::string_view name) {
  std::vector<std::string> out;
  if (const json::value* found = member(s, name); found != nullptr && found->is_array())
    for (const auto& item : found->get_array())
      if (item.is_string()) out.emplace_back(item.get_string());
  return out;
}

SchemaPtr build(const json::value& s);

std::vector<SchemaPtr> build_all(const json::value& s, std::string_view name) {
  std::vector<SchemaPtr> out;
  if (const json::value* found = member(s, name); found != nullptr && found->is_array())
    for (const auto& each : found->get_array()) out.push_back(build(each));
  return out;
}

std::shared_ptr<const Rules> rules(const json::value& s) {
  static constexpr std::string_view kNames[] = {
      "enum",          "format",      "pattern",  "minimum",  "maximum", "multipleOf",
      "minLength",     "maxLength",   "minItems", "maxItems", "allOf",   "minProperties",
      "maxProperties", "uniqueItems", "anyOf",    "oneOf",    "not"};
  bool any = false;
  for (const auto name : kNames) any |= member(s, name) != nullptr;
  if (!any) return nullptr;

  auto out = std::make_shared<Rules>();
  if (const json::value* values = member(s, "enum"); values != nullptr && values->is_array())
    out->one_of_values.assign(values->get_array().begin(), values->get_array().end());
  out->format = text(s, "format");
  if (const std::string pattern = text(s, "pattern"); !pattern.empty()) out->pattern.emplace(pattern);
  out->minimum = number(s, "minimum");
  out->maximum = number(s, "maximum");
  out->multiple_of = number(s, "multipleOf");
  out->exclusive_minimum = flag(s, "exclusiveMinimum");
  out->exclusive_maximum = flag(s, "exclusiveMaximum");
  out->min_length = count(s, "minLength");
  out->max_length = count(s, "maxLength");
  out->min_items = count(s, "minItems");
  out->max_items = count(s, "maxItems");
  out->min_properties = count(s, "minProperties");
  out->max_properties = count(s, "maxProperties");
  out->unique_items = flag(s, "uniqueItems");
  out->all_of = build_all(s, "allOf");
  out->any_of = build_all(s, "anyOf");
  out->one_of = build_all(s, "oneOf");
  if (const json::value* none = member(s, "not")) out->none_of = build(*none);
  return out;
}

Type type_of(const json::value& s) {
  const std::string type = text(s, "type");
  if (flag(s, "x-kubernetes-int-or-string")) return Type::IntOrString;
  if (type == "object")
    return member(s, "additionalProperties") != nullptr && member(s, "properties") == nullptr ? Type::Map
                                                                                              : Type::Object;
  if (type == "array") return Type::List;
  if (type == "string") return Type::String;
  if (type == "integer") return Type::Integer;
  if (type == "number") return Type::Number;
  if (type == "boolean") return Type::Boolean;
  return Type::Any;
}

Merge merge_of(const json::value& s) {
  const std::string list = text(s, "x-kubernetes-list-type"), map = text(s, "x-kubernetes-map-type");
  if (list == "atomic" || map == "atomic") return Merge::Atomic;
  if (list == "set") return Merge::Set;
  if (list == "map") return Merge::ListMap;
  return map == "granular" ? Merge::Granular : Merge::Default;
}

// Where an object stands within, what every object has, unless the schema says it itself.
void add_resource_fields(Schema& schema) {
  static const auto plain = [] {
    auto s = std::make_shared<Schema>();
    s->type = Type::String;
    return SchemaPtr(s);
  }();
  schema.properties.try_emplace("apiVersion", plain);
  schema.properties.try_emplace("kind", plain);
  const SchemaPtr meta = builtin_schema("v1", "ConfigMap")->properties.at("metadata");
  const auto [stated, absent] = schema.properties.try_emplace("metadata", meta);
  if (absent) return;
  // The schema may restrict the name; all else about metadata is known.
  auto copy = std::make_shared<Schema>(*meta);
  for (const auto* name : {"name", "generateName"})
    if (const auto restricted = stated->second->properties.find(name); restricted != stated->second->properties.end())
      copy->properties[name] = restricted->second;
  stated->second = std::move(copy);
}

std::shared_ptr<Schema> build_open(const json::value& s) {
  auto out = std::make_shared<Schema>();
  out->type = type_of(s);
  out->merge = merge_of(s);
  out->keys = texts(s, "x-kubernetes-list-map-keys");
  out->required = texts(s, "required");
  out->preserve_unknown = flag(s, "x-kubernetes-preserve-unknown-fields");
  out->embedded_resource = flag(s, "x-kubernetes-embedded-resource");
  out->nullable = flag(s, "nullable");
  if (const json::value* otherwise = member(s, "default")) out->otherwise = *otherwise;
  out->rules = rules(s);
  if (const json::value* properties = member(s, "properties"); properties != nullptr && properties->is_object())
    for (const auto& [name, value] : properties->get_object()) out->properties[std::string(name)] = build(value);
  const json::value* within = member(s, out->type == Type::Map ? "additionalProperties" : "items");
  if (within != nullptr && within->is_object()) out->items = build(*within);
  if (out->embedded_resource) add_resource_fields(*out);
  return out;
}

SchemaPtr build(const json::value& s) { return build_open(s); }

// A default is stored as if it had been sent: it has to be what the schema takes.
void check_defaults(const Schema& schema, const std::string& at, std::vector<Cause>& causes) {
  if (schema.otherwise) {
    json::value pruned = *schema.otherwise;
    if (!prune(schema, pruned).empty())
      causes.push_back(invalid_value(at + ".default", *schema.otherwise, "must not have unknown fields"));
    for (auto& cause : validate_at(schema, *schema.otherwise, at + ".default")) causes.push_back(std::move(cause));
  }
  for (const auto& [name, property] : schema.properties) {
    if (property->go_type.empty()) check_defaults(*property, fmt::format("{}.properties[{}]", at, name), causes);
  }
  // Defaults of a map's values are not looked at.
  if (schema.items != nullptr && schema.type != Type::Map) check_defaults(*schema.items, at + ".items", causes);
}

}  // namespace

SchemaPtr structural_schema(const json::value& open_api, const std::string& at, std::vector<Cause>& causes) {
  auto found = check_structural(open_api, at);
  const bool structural = found.empty();
  causes.insert(causes.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  if (!structural) return nullptr;

  std::shared_ptr<Schema> schema = build_open(open_api);
  const size_t before = causes.size();
  check_defaults(*schema, at, causes);
  if (causes.size() > before) return nullptr;
  schema->type = Type::Object;
  schema->embedded_resource = true;
  add_resource_fields(*schema);
  return schema;
}

}  // namespace spoke::kube
