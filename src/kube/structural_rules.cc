#include "kube/structural_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "kube/pattern.h"

namespace spoke::kube {
namespace {

enum class Level { Root, Item, Field };

const json::value* part(const json::value& schema, std::string_view name) {
  const json::value* found = json::find_member(schema, name);
  return found != nullptr && found->is_object() ? found : nullptr;
}

// Members whose names hold dots or dashes, which json::str would take for paths or not find.
std::string text(const json::value& schema, std::string_view name) {
  const json::value* found = json::find_member(schema, name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

bool flag(const json::value& schema, std::string_view name) {
  const json::value* found = json::find_member(schema, name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

bool given(const json::value& schema, std::string_view name) {
  const json::value* found = json::find_member(schema, name);
  if (found == nullptr || found->is_null()) return false;
  return !(found->is_object() && found->get_object().empty()) && !(found->is_array() && found->get_array().empty());
}

const json::array& list(const json::value& schema, std::string_view name) {
  static const json::array none;
  const json::value* found = json::find_member(schema, name);
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

const json::object& members(const json::value& schema, std::string_view name) {
  static const json::object none;
  const json::value* found = json::find_member(schema, name);
  return found != nullptr && found->is_object() ? found->get_object() : none;
}

std::string property(const std::string& at, std::string_view name) {
  return fmt::format("{}.properties[{}]", at, name);
}

// anyOf: [{type: integer}, {type: string}], which comes with x-kubernetes-int-or-string.
bool int_or_string(const json::array& any_of) {
  static const json::value pattern = json::parse(R"([{"type": "integer"}, {"type": "string"}])");
  return json::value(any_of) == pattern;
}

class Rules {
 public:
  std::vector<Cause> run(const json::value& schema, const std::string& at) {
    structure(schema, Level::Root, at);
    completeness(schema, schema, at, at);
    std::sort(causes_.begin(), causes_.end(),
              [](const Cause& a, const Cause& b) { return a.field + ": " + a.message < b.field + ": " + b.message; });
    if (causes_.empty() && flag(schema, "nullable"))
      add(forbidden_field(at + ".nullable", "nullable cannot be true at the root"));
    open_api(schema, at, true, "");
    return std::move(causes_);
  }

 private:
  void add(Cause cause) { causes_.push_back(std::move(cause)); }

  // --- the schema proper: every value has a known shape ---

  void structure(const json::value& s, Level level, const std::string& at) {
    const std::string type = text(s, "type");
    const json::value* items = part(s, "items");
    if (type == "array" && items == nullptr) add(required(at + ".items", "must be specified"));
    if (items != nullptr) structure(*items, Level::Item, at + ".items");
    for (const auto& [name, member] : members(s, "properties")) structure(member, Level::Field, property(at, name));
    if (const json::value* more = json::find_member(s, "additionalProperties"); more != nullptr && !more->is_null()) {
      if (level == Level::Root) add(forbidden_field(at + ".additionalProperties", "must not be used at the root"));
      if (more->is_object()) structure(*more, Level::Field, at + ".additionalProperties");
    }
    extensions(s, at);
    const bool any = int_or_string(list(s, "anyOf"));
    const auto& all_of = list(s, "allOf");
    const bool all = !all_of.empty() && int_or_string(list(all_of[0], "anyOf"));
    value_validation(s, any, all, at);
    type_given(s, type, level, at);
    metadata(s, level, at);
  }

  void extensions(const json::value& s, const std::string& at) {
    if (!flag(s, "x-kubernetes-int-or-string")) return;
    for (const std::string name : {"x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"})
      if (flag(s, name))
        add(invalid_value(at + "." + name, true, "must be false if x-kubernetes-int-or-string is true"));
  }

  void type_given(const json::value& s, const std::string& type, Level level, const std::string& at) {
    const bool embedded = flag(s, "x-kubernetes-embedded-resource");
    const bool preserve = flag(s, "x-kubernetes-preserve-unknown-fields");
    if (embedded && type != "object") {
      constexpr std::string_view why = "must be object if x-kubernetes-embedded-resource is true";
      add(type.empty() ? required(at + ".type", why) : invalid_value(at + ".type", json::value(type), why));
    } else if (type.empty() && !flag(s, "x-kubernetes-int-or-string") && !preserve) {
      add(required(at + ".type", level == Level::Root   ? "must not be empty at the root"
                                 : level == Level::Item ? "must not be empty for specified array items"
                                                        : "must not be empty for specified object fields"));
    }
    if (embedded && given(s, "additionalProperties"))
      add(forbidden_field(at + ".additionalProperties", "must not be used if x-kubernetes-embedded-resource is set"));
    if (level == Level::Root && !type.empty() && type != "object")
      add(invalid_value(at + ".type", json::value(type), "must be object at the root"));
    if (embedded && !preserve && !given(s, "properties"))
      add(required(at + ".properties",
                   "must not be empty if x-kubernetes-embedded-resource is true without "
                   "x-kubernetes-preserve-unknown-fields"));
  }

  // apiVersion and kind are strings; the root's metadata may restrict name and generateName, and nothing else.
  void metadata(const json::value& s, Level level, const std::string& at) {
    const auto& properties = members(s, "properties");
    const bool resource = level == Level::Root || flag(s, "x-kubernetes-embedded-resource");
    for (const auto* name : {"kind", "apiVersion"})
      if (const json::value* member = properties.if_contains(name);
          resource && member != nullptr && text(*member, "type") != "string")
        add(invalid_value(property(at, name) + ".type", json::value(text(*member, "type")), "must be string"));
    const json::value* meta = properties.if_contains("metadata");
    if (meta == nullptr) return;
    const std::string meta_at = property(at, "metadata");
    if (resource && text(*meta, "type") != "object")
      add(invalid_value(meta_at + ".type", json::value(text(*meta, "type")), "must be object"));
    if (level != Level::Root) return;
    bool fine = true;
    if (meta->is_object())
      for (const auto& member : meta->get_object())
        fine &= member.key() == "type" || member.key() == "default" || member.key() == "properties";
    for (const auto& member : members(*meta, "properties"))
      fine &= member.key() == "name" || member.key() == "generateName";
    if (!fine)
      add(forbidden_field(
          meta_at, "must not specify anything other than name and generateName, but metadata is implicitly specified"));
  }

  // --- value validations: they restrict values, and say nothing of their shape ---

  void value_validation(const json::value& s, bool skip_any_of, bool skip_first_all_of, const std::string& at) {
    if (!skip_any_of) nested_list(s, "anyOf", false, at);
    nested_list(s, "allOf", skip_first_all_of, at);
    nested_list(s, "oneOf", false, at);
    if (const json::value* none = part(s, "not")) nested(*none, false, at + ".not");
    if (const std::string pattern = text(s, "pattern"); !pattern.empty()) {
      try {
        Pattern compiled(pattern);
      } catch (const BadPattern& e) {
        add(invalid_value(at + ".pattern", json::value(pattern),
                          fmt::format("must be a valid regular expression, but isn't: {}", e.what())));
      }
    }
  }

  void nested_list(const json::value& s, std::string_view name, bool skip_first_any_of, const std::string& at) {
    const auto& schemas = list(s, name);
    for (size_t i = 0; i < schemas.size(); ++i)
      nested(schemas[i], skip_first_any_of && i == 0, fmt::format("{}.{}[{}]", at, name, i));
  }

  void nested(const json::value& s, bool skip_any_of, const std::string& at) {
    value_validation(s, skip_any_of, false, at);
    if (const json::value* items = part(s, "items")) nested(*items, false, at + ".items");
    for (const auto& [name, member] : members(s, "properties")) nested(member, false, property(at, name));

    const auto forbid = [&](std::string_view name, std::string_view why) {
      add(forbidden_field(fmt::format("{}.{}", at, name), fmt::format("must be {} to be structural", why)));
    };
    if (!text(s, "type").empty()) forbid("type", "empty");
    if (const json::value* more = json::find_member(s, "additionalProperties");
        more != nullptr && (more->is_object() || (more->is_bool() && more->get_bool())))
      forbid("additionalProperties", "undefined");
    if (json::find_member(s, "default") != nullptr) forbid("default", "undefined");
    if (!text(s, "title").empty()) forbid("title", "empty");
    if (!text(s, "description").empty()) forbid("description", "empty");
    for (const auto* name : {"nullable", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource",
                             "x-kubernetes-int-or-string"})
      if (flag(s, name)) forbid(name, "false");
    if (given(s, "x-kubernetes-list-map-keys")) forbid("x-kubernetes-list-map-keys", "empty");
    if (given(s, "x-kubernetes-list-type")) forbid("x-kubernetes-list-type", "undefined");
    if (given(s, "x-kubernetes-map-type")) forbid("x-kubernetes-map-type", "undefined");
    if (given(s, "x-kubernetes-validations")) forbid("x-kubernetes-validations", "empty");
    if (members(s, "properties").contains("metadata"))
      add(forbidden_field(property(at, "metadata"), "must not be specified in a nested context"));
  }

  // --- what value validations speak of must be in the schema proper ---

  void completeness(const json::value& validation, const json::value& schema, const std::string& at,
                    const std::string& from) {
    if (const json::value* none = part(validation, "not")) nested_completeness(*none, &schema, at, from + ".not");
    for (const auto* name : {"allOf", "anyOf", "oneOf"}) {
      const auto& schemas = list(validation, name);
      for (size_t i = 0; i < schemas.size(); ++i)
        nested_completeness(schemas[i], &schema, at, fmt::format("{}.{}[{}]", from, name, i));
    }
  }

  void nested_completeness(const json::value& v, const json::value* schema, const std::string& at,
                           const std::string& from) {
    if (schema == nullptr) return add(required(at, "because it is defined in " + from));
    completeness(v, *schema, at, from);
    if (const json::value* items = part(v, "items"))
      nested_completeness(*items, part(*schema, "items"), at + ".items", from + ".items");
    const auto& known = members(*schema, "properties");
    for (const auto& [name, member] : members(v, "properties"))
      nested_completeness(member, known.if_contains(name), property(at, name), property(from, name));
  }

  // --- JSONSchemaProps: what OpenAPI knows and Kubernetes does not take ---

  void open_api(const json::value& s, const std::string& at, bool root, const std::string& no_defaults) {
    static const std::set<std::string_view> types = {"array", "boolean", "integer", "number", "object", "string"};
    const std::string type = text(s, "type");
    if (!type.empty() && !types.contains(type))
      add(not_supported(at + ".type", type, {"array", "boolean", "integer", "number", "object", "string"}));
    if (json::find_member(s, "default") != nullptr && !no_defaults.empty())
      add(forbidden_field(at + ".default", "must not be set " + no_defaults));
    for (const auto* name : {"id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"})
      if (given(s, name))
        add(forbidden_field(fmt::format("{}.{}", at, name), fmt::format("{} is not supported", name)));
    if (type == "null")
      add(forbidden_field(at + ".type", "type cannot be set to null, use nullable as an alternative"));
    if (const json::value* items = json::find_member(s, "items"); items != nullptr && items->is_array())
      add(forbidden_field(at + ".items", "items must be a schema object and not an array"));
    if (flag(s, "uniqueItems"))
      add(forbidden_field(at + ".uniqueItems",
                          "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
    below(s, at, root, no_defaults);
    list_and_map_types(s, type, at);
  }

  void below(const json::value& s, const std::string& at, bool root, const std::string& no_defaults) {
    const auto& properties = members(s, "properties");
    if (const json::value* more = json::find_member(s, "additionalProperties"); more != nullptr && !more->is_null()) {
      const bool all_allowed = more->is_bool() && more->get_bool();
      if (!properties.empty() && !all_allowed)
        add(forbidden_field(at + ".additionalProperties", "additionalProperties and properties are mutual exclusive"));
      if (more->is_object()) open_api(*more, at + ".additionalProperties", false, no_defaults);
    }
    for (const auto& [name, member] : properties) {
      const bool meta = root && (name == "metadata" || name == "kind" || name == "apiVersion");
      open_api(member, property(at, name), false,
               meta ? fmt::format("in top-level {}", std::string_view(name)) : no_defaults);
    }
    if (const json::value* none = part(s, "not")) open_api(*none, at + ".not", false, no_defaults);
    for (const auto* name : {"allOf", "oneOf", "anyOf"}) {
      const auto& schemas = list(s, name);
      for (size_t i = 0; i < schemas.size(); ++i)
        open_api(schemas[i], fmt::format("{}.{}[{}]", at, name, i), false, no_defaults);
    }
    if (const json::value* items = part(s, "items")) open_api(*items, at + ".items", false, no_defaults);
  }

  void list_and_map_types(const json::value& s, const std::string& type, const std::string& at) {
    if (const json::value* preserve = json::find_member(s, "x-kubernetes-preserve-unknown-fields");
        preserve != nullptr && preserve->is_bool() && !preserve->get_bool())
      add(invalid_value(at + ".x-kubernetes-preserve-unknown-fields", false, "must be true or undefined"));

    const auto of_type = [&](std::string_view wanted, std::string_view extension) {
      if (type == wanted) return true;
      const auto why = fmt::format("must be {} if {} is specified", wanted, extension);
      add(type.empty() ? required(at + ".type", why) : invalid_value(at + ".type", json::value(type), why));
      return false;
    };
    if (const std::string map_type = text(s, "x-kubernetes-map-type"); !map_type.empty()) {
      of_type("object", "x-kubernetes-map-type");
      if (map_type != "atomic" && map_type != "granular")
        add(not_supported(at + ".x-kubernetes-map-type", map_type, {"atomic", "granular"}));
    }
    const std::string list_type = text(s, "x-kubernetes-list-type");
    const json::value* items = part(s, "items");
    if (!list_type.empty()) {
      if (of_type("array", "x-kubernetes-list-type") && list_type == "set" && items != nullptr)
        atomic_items(*items, at + ".items");
      if (list_type != "atomic" && list_type != "set" && list_type != "map")
        add(not_supported(at + ".x-kubernetes-list-type", list_type, {"atomic", "set", "map"}));
    }
    if (given(s, "x-kubernetes-list-map-keys") && list_type != "map") {
      constexpr std::string_view why = "must be map if x-kubernetes-list-map-keys is non-empty";
      const std::string field = at + ".x-kubernetes-list-type";
      add(list_type.empty() ? required(field, why) : invalid_value(field, json::value(list_type), why));
    }
    if (list_type == "map") keys(s, items, at);
    if ((list_type == "map" || list_type == "set") && items != nullptr && flag(*items, "nullable"))
      add(forbidden_field(at + ".items.nullable", "cannot be nullable when x-kubernetes-list-type is " + list_type));
    if (list_type == "map" && items != nullptr) keys_are_there(s, *items, at);
  }

  void atomic_items(const json::value& items, const std::string& at) {
    constexpr std::string_view why = "must be atomic as item of a list with x-kubernetes-list-type=set";
    const std::string type = text(items, "type"), list_type = text(items, "x-kubernetes-list-type");
    if (type == "array" && !list_type.empty() && list_type != "atomic")
      add(invalid_value(at + ".x-kubernetes-list-type", json::value(list_type), why));
    if (type == "object" && text(items, "x-kubernetes-map-type") != "atomic")
      add(invalid_value(at + ".x-kubernetes-map-type", nullptr, why));
  }

  void keys(const json::value& s, const json::value* items, const std::string& at) {
    const auto& names = list(s, "x-kubernetes-list-map-keys");
    const std::string field = at + ".x-kubernetes-list-map-keys";
    if (names.empty()) add(required(field, "must not be empty if x-kubernetes-list-type is map"));
    if (items == nullptr) return add(required(at + ".items", "must have a schema if x-kubernetes-list-type is map"));
    const std::string type = text(*items, "type");
    if (type != "object")
      return add(invalid_value(at + ".items.type", json::value(type),
                               "must be object if parent array's x-kubernetes-list-type is map"));
    std::set<std::string_view> seen;
    for (const auto& name : names) {
      if (!name.is_string()) continue;
      const json::value* member = members(*items, "properties").if_contains(name.get_string());
      const std::string of = member != nullptr ? text(*member, "type") : "";
      if (of == "array" || of == "object")
        add(invalid_value(property(at + ".items", name.get_string()) + ".type", json::value(type),
                          "must be a scalar type if parent array's x-kubernetes-list-type is map"));
      if (member == nullptr) add(invalid_value(field, names, "entries must all be names of item properties"));
      if (!seen.insert(name.get_string()).second)
        add(invalid_value(field, names, "must not contain duplicate entries"));
    }
  }

  void keys_are_there(const json::value& s, const json::value& items, const std::string& at) {
    const auto& needed = list(items, "required");
    for (const auto& name : list(s, "x-kubernetes-list-map-keys")) {
      const json::value* member =
          name.is_string() ? members(items, "properties").if_contains(name.get_string()) : nullptr;
      if (member == nullptr) continue;
      const std::string field = property(at + ".items", name.get_string());
      const bool always = std::find(needed.begin(), needed.end(), name) != needed.end();
      if (!always && json::find_member(*member, "default") == nullptr)
        add(required(
            field + ".default",
            "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
      if (flag(*member, "nullable"))
        add(forbidden_field(field + ".nullable",
                            "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
    }
  }

  std::vector<Cause> causes_;
};

}  // namespace

std::vector<Cause> check_structural(const json::value& open_api, const std::string& at) {
  return Rules().run(open_api, at);
}

}  // namespace spoke::kube
