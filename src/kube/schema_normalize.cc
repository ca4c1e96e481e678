// What Go's decoder and encoder make of a built-in object. Source: encoding/json, apimachinery's Quantity, Time,
// MicroTime.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/time.h"
#include "kube/quantity.h"
#include "kube/schema.h"

namespace spoke::kube {
namespace {

using Type = Schema::Type;

json::value zero(const Schema& schema) {
  if (schema.nullable) return nullptr;
  switch (schema.type) {
    case Type::Object: return json::object();
    case Type::String: return "";
    case Type::Integer:
    case Type::Number:
    case Type::IntOrString: return 0;
    case Type::Boolean: return false;
    case Type::Quantity: return "0";
    default: return nullptr;  // lists, maps, bytes, times
  }
}

bool is_zero(const Schema& schema, const json::value& value) {
  if (value.is_null()) return true;
  if (const auto* list = value.if_array()) return list->empty();
  if (const auto* object = value.if_object()) return schema.type == Type::Map && object->empty();
  if (schema.nullable) return false;
  if (const auto* text = value.if_string()) return text->empty();
  if (value.is_bool()) return !value.get_bool();
  return value.is_number() && value.to_number<double>() == 0;
}

// A number as people write it: json::dump makes 1E-1 of 0.1, which is a quantity of another form.
std::string quantity_text(const json::value& value) {
  if (value.is_string()) return json::to_string(value.get_string());
  return value.is_double() ? fmt::format("{}", value.get_double()) : json::dump(value);
}

std::string canonical_time(const Schema& schema, const json::value& value) {
  std::string text = json::to_string(value.get_string());
  const auto time = parse_rfc3339(text);
  if (!time) return text;
  return schema.go_type == "v1.MicroTime" ? rfc3339_micro(*time) : rfc3339(*time);
}

void scalar(const Schema& schema, json::value& value) {
  switch (schema.type) {
    case Type::Quantity:
      if (const auto canonical = Quantity::canonical(quantity_text(value))) value = *canonical;
      break;
    case Type::Time:
      if (value.is_string()) value = canonical_time(schema, value);
      break;
    case Type::Integer:
    case Type::IntOrString:
      if (value.is_double() && std::fabs(value.get_double()) < 9e15 &&
          std::nearbyint(value.get_double()) == value.get_double())
        value = static_cast<std::int64_t>(value.get_double());
      break;
    default: break;
  }
}

void object(const Schema& schema, json::object& members) {
  const auto always = [&](std::string_view name) {
    return std::find(schema.always.begin(), schema.always.end(), name) != schema.always.end();
  };
  std::vector<std::string> gone;
  for (auto& [name, value] : members) {
    const auto property = schema.properties.find(name);
    if (property == schema.properties.end()) continue;
    const Schema& of = *property->second;
    normalize(of, value);
    if (of.type == Type::Any ? value.is_null() : is_zero(of, value)) {
      if (!always(name))
        gone.emplace_back(name);
      else if (value.is_null() || value.is_array() || of.type == Type::Map)
        value = zero(of);  // kept as protobuf, which has no empty list
    }
  }
  for (const auto& name : gone) members.stable_erase(name);
  for (const auto& name : schema.always) {
    const Schema& of = *schema.properties.at(name);
    json::value& value = members.contains(name) ? members[name] : members[name] = zero(of);
    if (value.is_object() && value.get_object().empty()) normalize(of, value);
  }
}

}  // namespace

namespace {

// A custom resource stays as it is, but for the metadata within.
void custom(const Schema& schema, json::value& value) {
  if (auto* members = value.if_object()) {
    for (auto& [name, member] : *members)
      if (const auto property = schema.properties.find(name); property != schema.properties.end())
        normalize(*property->second, member);
  }
}

}  // namespace

void normalize(const Schema& schema, json::value& value) {
  if (value.is_null()) return;
  if (schema.go_type.empty()) return custom(schema, value);
  if (auto* members = value.if_object()) {
    if (schema.type == Type::Object) return object(schema, *members);
    if (schema.type != Type::Map || schema.items == nullptr) return;
    for (auto& [_, member] : *members) {
      if (member.is_null()) member = zero(*schema.items);
      normalize(*schema.items, member);
    }
  } else if (auto* list = value.if_array()) {
    if (schema.type != Type::List || schema.items == nullptr) return;
    for (auto& item : *list) {
      if (item.is_null()) item = zero(*schema.items);
      normalize(*schema.items, item);
    }
  } else {
    scalar(schema, value);
  }
}

}  // namespace spoke::kube
