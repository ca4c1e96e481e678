// What a schema does not know is taken away; what is missing gets its default.

#include <algorithm>
#include <utility>

#include "kube/schema.h"

namespace spoke::kube {
namespace {

using Type = Schema::Type;

class Prune {
 public:
  void prune(const Schema* schema, json::value& value) {
    if (auto* list = value.if_array()) {
      if (schema != nullptr && schema->type == Type::Any && schema->items == nullptr) return;
      for (size_t i = 0; i < list->size(); ++i) {
        const size_t length = path_.size();
        path_ += "[" + std::to_string(i) + "]";
        prune(schema != nullptr ? schema->items.get() : nullptr, (*list)[i]);
        path_.resize(length);
      }
    } else if (auto* object = value.if_object()) {
      members(schema, *object);
    }
  }

  std::vector<std::string> unknown;

 private:
  void members(const Schema* schema, json::object& object) {
    const bool keep =
        schema != nullptr && (schema->preserve_unknown || (schema->type == Type::Any && schema->properties.empty()));
    bool any_unknown = false;
    for (auto& [name, value] : object) {
      const size_t length = path_.size();
      if (!path_.empty()) path_ += '.';
      path_ += name;
      if (const Schema* member = known(schema, name)) {
        prune(member, value);
      } else if (schema != nullptr && schema->type == Type::Map) {
        prune(nullptr, value);
      } else if (!keep) {
        if (unknown.size() < kMost) unknown.push_back(path_.substr(0, kLongest));
        any_unknown = true;
      }
      path_.resize(length);
    }
    if (!any_unknown) return;
    json::object rest;
    for (auto& [name, value] : object)
      if (known(schema, name) != nullptr) rest[name] = std::move(value);
    object = std::move(rest);
  }

  static const Schema* known(const Schema* schema, std::string_view name) {
    if (schema == nullptr) return nullptr;
    if (schema->type == Type::Map) return schema->items.get();
    const auto found = schema->properties.find(name);
    return found != schema->properties.end() ? found->second.get() : nullptr;
  }

  static constexpr size_t kMost = 1000, kLongest = 1024;  // that are told: names from outside may be megabytes long
  std::string path_;
};

const Schema* member_of(const Schema& schema, std::string_view name) {
  if (const auto found = schema.properties.find(name); found != schema.properties.end()) return found->second.get();
  return schema.type == Type::Map ? schema.items.get() : nullptr;
}

bool useless_null(const json::value& value, const Schema* schema) {
  return value.is_null() && schema != nullptr && !schema->nullable && !schema->otherwise;
}

void drop_nulls(const Schema* schema, json::value& value) {
  if (auto* list = value.if_array()) {
    for (auto& item : *list) drop_nulls(schema != nullptr ? schema->items.get() : nullptr, item);
  } else if (auto* object = value.if_object(); object != nullptr && schema != nullptr) {
    std::vector<std::string> useless;
    for (auto& [name, member] : *object) {
      const Schema* of = member_of(*schema, name);
      if (useless_null(member, of))
        useless.emplace_back(name);
      else
        drop_nulls(of, member);
    }
    for (const auto& name : useless) object->erase(name);
  }
}

void set_defaults(const Schema& schema, json::value& value) {
  const auto missing = [](const json::value* v, const Schema& of) {
    return v == nullptr || (v->is_null() && !of.nullable);
  };
  if (auto* object = value.if_object()) {
    for (const auto& [name, property] : schema.properties)
      if (property->otherwise && missing(object->if_contains(name), *property)) (*object)[name] = *property->otherwise;
    for (auto& [name, member] : *object) {
      const Schema* of = member_of(schema, name);
      if (of == nullptr) continue;
      if (member.is_null() && !of->nullable && of->otherwise) member = *of->otherwise;
      set_defaults(*of, member);
    }
  } else if (auto* list = value.if_array(); list != nullptr && schema.items != nullptr) {
    for (auto& item : *list) {
      if (item.is_null() && !schema.items->nullable && schema.items->otherwise) item = *schema.items->otherwise;
      set_defaults(*schema.items, item);
    }
  }
}

}  // namespace

std::vector<std::string> prune(const Schema& schema, json::value& object) {
  Prune p;
  p.prune(&schema, object);
  // The built-in kinds' decoder reports as it reads. apiextensions sorts what it finds, once metadata has been looked
  // at.
  if (schema.go_type.empty())
    std::sort(p.unknown.begin(), p.unknown.end(), [](const std::string& a, const std::string& b) {
      const bool in_metadata = a.starts_with("metadata.");
      return in_metadata == b.starts_with("metadata.") ? a < b : in_metadata;
    });
  return std::move(p.unknown);
}

void apply_defaults(const Schema& schema, json::value& object) {
  drop_nulls(&schema, object);
  set_defaults(schema, object);
}

}  // namespace spoke::kube
