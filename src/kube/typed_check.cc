#include <algorithm>
#include <set>
#include <utility>

#include "base/strings.h"
#include "kube/go_text.h"
#include "kube/typed.h"

namespace spoke::kube::typed {
namespace {

using Type = Schema::Type;

// fmt's %#v of a decoded document: map[string]interface {}{"a":[]interface {}{1, interface {}(nil)}}
std::string go_syntax(const json::value& v) {
  if (v.is_null()) return "interface {}(nil)";
  if (const auto* list = v.if_array()) {
    std::vector<std::string> items;
    for (const auto& item : *list) items.push_back(go_syntax(item));
    return "[]interface {}{" + join(items, ", ") + "}";
  }
  if (const auto* object = v.if_object()) {
    std::vector<std::string> members;
    for (const auto& [name, value] : *object) members.push_back(go_quoted(name) + ":" + go_syntax(value));
    std::sort(members.begin(), members.end());
    return "map[string]interface {}{" + join(members, ", ") + "}";
  }
  return v.is_string() ? go_quoted(v.get_string()) : go_printed(v);
}

class Check {
 public:
  void check(const Schema* schema, const json::value& value, const std::string& path) {
    if (schema == nullptr || value.is_null()) return;
    switch (resolve(schema, &value).shape) {
      case Shape::Leaf: return scalar(*schema, value, path);
      case Shape::Map:
        if (!value.is_object()) return refuse(path, "expected map, got &{" + go_printed(value) + "}");
        return members(*schema, value.get_object(), path);
      case Shape::List:
        if (!value.is_array()) return refuse(path, "expected list, got &{" + go_printed(value) + "}");
        return items(*schema, value.get_array(), path);
    }
  }

  std::vector<std::string> problems;

 private:
  void refuse(const std::string& path, const std::string& why) {
    problems.push_back(path.empty() ? why : path + ": " + why);
  }

  void scalar(const Schema& schema, const json::value& value, const std::string& path) {
    // A string of some format may be any scalar here: its own decoder, or the schema's validation, has the last word.
    const bool formatted = schema.rules != nullptr && !schema.rules->format.empty() && schema.rules->format != "byte";
    const bool any = !value.is_object() && !value.is_array();
    switch (schema.type) {
      case Type::String:
      case Type::Bytes:
        if (formatted ? !any : !value.is_string())
          refuse(path, formatted ? "expected any scalar, got &{" + go_printed(value) + "}"
                                 : "expected string, got &value.valueUnstructured{Value:" + go_syntax(value) + "}");
        return;
      case Type::Integer:
      case Type::Number:
        if (!value.is_number()) refuse(path, "expected numeric (int or float), got " + std::string(go_type(value)));
        return;
      case Type::Boolean:
        if (!value.is_bool()) refuse(path, "expected boolean, got &{" + go_printed(value) + "}");
        return;
      case Type::IntOrString:
      case Type::Quantity:
      case Type::Time:
        if (!any) refuse(path, "expected any scalar, got &{" + go_printed(value) + "}");
        return;
      default: return;
    }
  }

  void members(const Schema& schema, const json::object& object, const std::string& path) {
    const bool open = schema.preserve_unknown || schema.type != Type::Object || schema.properties.empty();
    for (const auto& [name, value] : object) {
      const Schema* member = member_schema(&schema, name);
      const std::string at = path + "." + std::string(name);
      // The rest is not looked at once a field is not known.
      if (member == nullptr && !open) return refuse(at, "field not declared in schema");
      check(member, value, at);
    }
  }

  void items(const Schema& schema, const json::array& list, const std::string& path) {
    const bool atomic = schema.merge != Schema::Merge::Set && schema.merge != Schema::Merge::ListMap;
    std::set<std::string> seen;
    for (size_t i = 0; i < list.size(); ++i) {
      if (atomic) {
        check(schema.items.get(), list[i], path + "[" + std::to_string(i) + "]");
        continue;
      }
      std::string why;
      const auto element = item_element(schema, list[i], &why);
      if (!element) return refuse(path, "element " + std::to_string(i) + ": " + why);
      const std::string text = element_text(*element);
      if (!seen.insert(*element).second) refuse(path, "duplicate entries for key " + text);
      check(schema.items.get(), list[i], path + text);
    }
  }
};

}  // namespace

std::vector<std::string> problems(const Schema& schema, const json::value& value) {
  Check check;
  check.check(&schema, value, "");
  return std::move(check.problems);
}

}  // namespace spoke::kube::typed
