// A Schema as OpenAPI v3 writes it.

#include <algorithm>
#include <vector>

#include "kube/schema.h"

namespace spoke::kube {
namespace {

using Type = Schema::Type;
using Merge = Schema::Merge;

class Writer {
 public:
  json::value write(const Schema& s) {
    if (std::find(open_.begin(), open_.end(), &s) != open_.end())
      return json::object{{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
    open_.push_back(&s);
    json::object out;
    type(s, out);
    shape(s, out);
    merging(s, out);
    if (s.rules != nullptr) rules(*s.rules, out);
    if (s.nullable && s.go_type.empty()) out["nullable"] = true;
    if (s.otherwise) out["default"] = *s.otherwise;
    open_.pop_back();
    return out;
  }

 private:
  void type(const Schema& s, json::object& out) {
    switch (s.type) {
      case Type::Any: break;
      case Type::Object:
      case Type::Map: out["type"] = "object"; break;
      case Type::List: out["type"] = "array"; break;
      case Type::String: out["type"] = "string"; break;
      case Type::Integer:
        out["type"] = "integer";
        if (s.go_type == "int32" || s.go_type == "int64") out["format"] = s.go_type;
        break;
      case Type::Number:
        out["type"] = "number";
        if (!s.go_type.empty()) out["format"] = "double";
        break;
      case Type::Boolean: out["type"] = "boolean"; break;
      case Type::IntOrString:
        if (s.go_type.empty()) {
          out["x-kubernetes-int-or-string"] = true;
        } else {
          out["format"] = "int-or-string";
          out["oneOf"] = json::array{json::object{{"type", "integer"}}, json::object{{"type", "string"}}};
        }
        break;
      case Type::Quantity:
        out["oneOf"] = json::array{json::object{{"type", "string"}}, json::object{{"type", "number"}}};
        break;
      case Type::Bytes:
        out["type"] = "string";
        out["format"] = "byte";
        break;
      case Type::Time:
        out["type"] = "string";
        out["format"] = "date-time";
        break;
    }
  }

  void shape(const Schema& s, json::object& out) {
    if (!s.properties.empty()) {
      json::object& properties = out["properties"].emplace_object();
      for (const auto& [name, property] : s.properties) properties[name] = write(*property);
    }
    if (s.type == Type::Map)
      out["additionalProperties"] = s.items != nullptr ? write(*s.items) : json::value(true);
    else if (s.items != nullptr)
      out["items"] = write(*s.items);
    if (!s.required.empty()) out["required"] = texts(s.required);
    if (s.preserve_unknown) out["x-kubernetes-preserve-unknown-fields"] = true;
    if (s.embedded_resource && open_.size() > 1) out["x-kubernetes-embedded-resource"] = true;
  }

  static void merging(const Schema& s, json::object& out) {
    const bool list = s.type == Type::List;
    switch (s.merge) {
      case Merge::Default: break;
      case Merge::Atomic: out[list ? "x-kubernetes-list-type" : "x-kubernetes-map-type"] = "atomic"; break;
      case Merge::Granular: out["x-kubernetes-map-type"] = "granular"; break;
      case Merge::Set: out["x-kubernetes-list-type"] = "set"; break;
      case Merge::ListMap:
        out["x-kubernetes-list-type"] = "map";
        out["x-kubernetes-list-map-keys"] = texts(s.keys);
        break;
    }
    if (!s.patch_key.empty()) out["x-kubernetes-patch-merge-key"] = s.patch_key;
    if (s.patch_merge)
      out["x-kubernetes-patch-strategy"] = s.patch_retain_keys ? "merge,retainKeys" : "merge";
    else if (s.patch_retain_keys)
      out["x-kubernetes-patch-strategy"] = "retainKeys";
    else if (s.patch_replace)
      out["x-kubernetes-patch-strategy"] = "replace";
  }

  void rules(const Rules& r, json::object& out) {
    const auto set = [&](const char* name, const auto& value) {
      if (value) out[name] = *value;
    };
    if (!r.one_of_values.empty()) out["enum"] = json::array(r.one_of_values.begin(), r.one_of_values.end());
    if (!r.format.empty()) out["format"] = r.format;
    if (r.pattern) out["pattern"] = r.pattern->text();
    set("minimum", r.minimum);
    set("maximum", r.maximum);
    set("multipleOf", r.multiple_of);
    if (r.exclusive_minimum) out["exclusiveMinimum"] = true;
    if (r.exclusive_maximum) out["exclusiveMaximum"] = true;
    set("minLength", r.min_length);
    set("maxLength", r.max_length);
    set("minItems", r.min_items);
    set("maxItems", r.max_items);
    set("minProperties", r.min_properties);
    set("maxProperties", r.max_properties);
    if (r.unique_items) out["uniqueItems"] = true;
    const auto all = [&](const char* name, const std::vector<SchemaPtr>& schemas) {
      for (const auto& schema : schemas)
        (out[name].is_array() ? out[name].get_array() : out[name].emplace_array()).push_back(write(*schema));
    };
    all("allOf", r.all_of);
    all("anyOf", r.any_of);
    all("oneOf", r.one_of);
    if (r.none_of != nullptr) out["not"] = write(*r.none_of);
  }

  static json::array texts(const std::vector<std::string>& values) { return json::array(values.begin(), values.end()); }

  std::vector<const Schema*> open_;  // what is being written, outermost first
};

}  // namespace

json::value to_open_api(const Schema& schema) { return Writer().write(schema); }

}  // namespace spoke::kube
