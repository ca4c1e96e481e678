#include "kube/typed.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/strings.h"
#include "kube/go_text.h"

namespace spoke::kube::typed {

using Type = Schema::Type;
using Merge = Schema::Merge;

namespace {

bool associative(const Schema& list) { return list.merge == Merge::Set || list.merge == Merge::ListMap; }

bool nothing(const json::value* v) {
  return v == nullptr || v->is_null() || (v->is_object() && v->get_object().empty()) ||
         (v->is_array() && v->get_array().empty());
}

}  // namespace

Resolved resolve(const Schema* schema, const json::value* value) {
  switch (schema != nullptr ? schema->type : Type::Any) {
    case Type::Object:
    case Type::Map: return {Shape::Map, schema->merge == Merge::Atomic};
    case Type::List: return {Shape::List, !associative(*schema)};
    case Type::Any:
      if (value != nullptr && value->is_array()) return {Shape::List, schema == nullptr || !associative(*schema)};
      if (nothing(value) || value->is_object())
        return {Shape::Map, schema != nullptr && schema->merge == Merge::Atomic};
      return {};
    default: return {};
  }
}

const Schema* member_schema(const Schema* schema, std::string_view name) {
  if (schema == nullptr) return nullptr;
  if (schema->type == Type::Map) return schema->items.get();
  const auto found = schema->properties.find(name);
  return found != schema->properties.end() ? found->second.get() : nullptr;
}

bool declared(const Schema* schema, std::string_view name) {
  return schema != nullptr && schema->properties.contains(name);
}

std::optional<std::string> item_element(const Schema& list, const json::value& item, std::string* why) {
  const auto refuse = [&](std::string reason) {
    if (why != nullptr) *why = std::move(reason);
    return std::nullopt;
  };
  if (list.merge == Merge::Set) {
    if (item.is_object()) return refuse("associative list without keys has an element that's a map type");
    if (item.is_array()) return refuse("not supported: associative list with lists as elements");
    if (item.is_null()) return refuse("associative list without keys has an element that's an explicit null");
    return value_element(item);
  }
  if (item.is_null()) return refuse("associative list with keys may not have a null element");
  if (!item.is_object()) return refuse("associative list with keys may not have non-map elements");
  json::object keys;
  for (const auto& key : list.keys) {
    if (const json::value* given = item.get_object().if_contains(key)) {
      keys[key] = *given;
    } else if (const Schema* field = member_schema(list.items.get(), key); field != nullptr && field->otherwise) {
      keys[key] = *field->otherwise;
    }
  }
  if (keys.empty()) {
    std::vector<std::string> quoted;
    for (const auto& key : list.keys) quoted.push_back(go_quoted(key));
    return refuse("associative list with keys has an element that omits all key fields [" + join(quoted, " ") +
                  "] (and doesn't have default values for any key fields)");
  }
  return key_element(keys);
}

bool equal(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_double() || b.is_double()) return a.to_number<double>() == b.to_number<double>();
    return a == b;
  }
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    const auto &x = a.get_array(), &y = b.get_array();
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), equal);
  }
  if (a.is_object()) {
    const auto &x = a.get_object(), &y = b.get_object();
    return x.size() == y.size() && std::all_of(x.begin(), x.end(), [&](const auto& member) {
             const json::value* other = y.if_contains(member.key());
             return other != nullptr && equal(member.value(), *other);
           });
  }
  return a == b;
}

namespace {

FieldSet fields_of(const Schema* schema, const json::value& value) {
  FieldSet out;
  const Resolved r = resolve(schema, &value);
  if (r.shape == Shape::Leaf || r.atomic) {
    out.set_member(true);
  } else if (r.shape == Shape::Map && value.is_object()) {
    for (const auto& [name, member] : value.get_object()) {
      FieldSet below = fields_of(member_schema(schema, name), member);
      const bool empty = member.is_null() || (member.is_object() && member.get_object().empty());
      if (empty || !declared(schema, name)) below.set_member(true);
      out.attach(field_element(name), std::move(below));
    }
  } else if (r.shape == Shape::List && value.is_array()) {
    std::unordered_map<std::string, int> count;
    std::vector<std::optional<std::string>> elements;
    for (const auto& item : value.get_array()) {
      elements.push_back(item_element(*schema, item));
      if (elements.back()) ++count[*elements.back()];
    }
    for (size_t i = 0; i < elements.size(); ++i) {
      if (!elements[i]) continue;
      // Items that are the same twice are owned as one.
      FieldSet below = count[*elements[i]] > 1 ? FieldSet() : fields_of(schema->items.get(), value.get_array()[i]);
      below.set_member(true);
      out.attach(std::move(*elements[i]), std::move(below));
    }
  }
  return out;
}

}  // namespace

FieldSet fields_of(const Schema& schema, const json::value& value) {
  FieldSet out = fields_of(&schema, value);
  out.set_member(false);  // nobody owns the object as such
  return out;
}

FieldSet with_declared_fields(const Schema* schema, const FieldSet& set) {
  FieldSet out;
  out.set_member(set.member());
  for (const auto& [element, below] : set.children()) {
    const bool field = element[0] == 'f';
    const std::string_view name = std::string_view(element).substr(2);
    const Schema* next = schema == nullptr ? nullptr : field ? member_schema(schema, name) : schema->items.get();
    FieldSet child = with_declared_fields(next, below);
    if (field && !below.children().empty() && declared(schema, name)) child.set_member(true);
    out.attach(element, std::move(child));
  }
  return out;
}

namespace {

// Both sides of one place; null where it is not there.
struct Sides {
  const json::value* before = nullptr;
  const json::value* after = nullptr;
};

const json::object* object_of(const json::value* v) { return v != nullptr ? v->if_object() : nullptr; }
const json::array* array_of(const json::value* v) { return v != nullptr ? v->if_array() : nullptr; }

class Compare {
 public:
  static Comparison run(const Schema* schema, Sides sides) {
    Compare c(schema, sides);
    c.compare();
    return std::move(c.out_);
  }

 private:
  Compare(const Schema* schema, Sides sides) : schema_(schema), sides_(sides) {}

  void compare() {
    const Resolved was = resolve(schema_, sides_.before), is = resolve(schema_, sides_.after);
    bool leaf = false;
    // What became something else altogether is compared as either.
    if (sides_.before != nullptr && sides_.after != nullptr && was.shape != is.shape) compare_as(was);
    leaf = compare_as(sides_.after != nullptr ? is : was);
    if (leaf) return;
    if (sides_.before == nullptr) out_.added.set_member(true);
    if (sides_.after == nullptr) out_.removed.set_member(true);
  }

  // Whether it is compared as a whole.
  bool compare_as(Resolved as) {
    const bool map = as.shape == Shape::Map;
    const bool both_empty = map ? empty(object_of(sides_.before)) && empty(object_of(sides_.after))
                                : empty(array_of(sides_.before)) && empty(array_of(sides_.after));
    // Empty and null are told apart, hence leaves.
    if (as.shape == Shape::Leaf || as.atomic || both_empty) {
      whole();
      return true;
    }
    if (map)
      members();
    else
      items();
    return false;
  }

  template <class Container>
  static bool empty(const Container* c) {
    return c == nullptr || c->empty();
  }

  void whole() {
    if (sides_.before == nullptr)
      out_.added.set_member(true);
    else if (sides_.after == nullptr)
      out_.removed.set_member(true);
    else if (!equal(*sides_.before, *sides_.after))
      out_.modified.set_member(true);
  }

  void take(const std::string& element, Comparison below) {
    out_.removed.attach(element, std::move(below.removed));
    out_.modified.attach(element, std::move(below.modified));
    out_.added.attach(element, std::move(below.added));
  }

  void members() {
    static const json::object none;
    const json::object& before =
        sides_.before != nullptr && sides_.before->is_object() ? sides_.before->get_object() : none;
    const json::object& after =
        sides_.after != nullptr && sides_.after->is_object() ? sides_.after->get_object() : none;
    for (const auto& [name, value] : before) {
      const json::value* other = after.if_contains(name);
      if (other == nullptr && sides_.after != nullptr) other = implied(name);
      take(field_element(name), run(member_schema(schema_, name), {&value, other}));
    }
    for (const auto& [name, value] : after) {
      if (before.contains(name)) continue;
      const json::value* other = sides_.before != nullptr ? implied(name) : nullptr;
      take(field_element(name), run(member_schema(schema_, name), {other, &value}));
    }
  }

  // What a built-in struct holds although it is not written.
  const json::value* implied(std::string_view name) const {
    static const json::value object = json::object(), null = nullptr;
    if (schema_ == nullptr || std::find(schema_->always.begin(), schema_->always.end(), name) == schema_->always.end())
      return nullptr;
    const Schema* member = member_schema(schema_, name);
    return member->type == Type::Object && !member->nullable ? &object : &null;
  }

  struct Items {
    std::vector<const json::value*> before, after;
  };

  void items() {
    std::unordered_map<std::string, Items> all;
    for (const auto* side : {array_of(sides_.before), array_of(sides_.after)}) {
      if (side == nullptr) continue;
      for (const auto& item : *side) {
        auto element = item_element(*schema_, item);
        if (!element) continue;
        Items& same = all[std::move(*element)];
        (side == array_of(sides_.before) ? same.before : same.after).push_back(&item);
      }
    }
    for (const auto& [element, same] : all) take(element, item(same));
  }

  // Items that are the same twice are owned as one; where they cease or begin to be, what is below them goes or comes.
  Comparison item(const Items& same) {
    const auto one = [](const auto& list) { return list.size() == 1 ? list[0] : nullptr; };
    if (same.before.size() <= 1 && same.after.size() <= 1)
      return run(schema_->items.get(), {one(same.before), one(same.after)});
    Comparison out;
    if (same.before.size() > 1 && same.after.size() > 1) {
      const bool alike = std::equal(same.before.begin(), same.before.end(), same.after.begin(), same.after.end(),
                                    [](const auto* a, const auto* b) { return equal(*a, *b); });
      if (!alike) out.modified.set_member(true);
    } else if (same.before.size() > 1) {
      if (!same.after.empty()) out = run(schema_->items.get(), {nullptr, same.after[0]});
      out.removed.set_member(true);
    } else {
      if (!same.before.empty()) out = run(schema_->items.get(), {same.before[0], nullptr});
      out.added.set_member(true);
    }
    return out;
  }

  const Schema* schema_;
  Sides sides_;
  Comparison out_;
};

}  // namespace

Comparison compare(const Schema& schema, const json::value& before, const json::value& after) {
  Comparison out = Compare::run(&schema, {&before, &after});
  out.removed.set_member(false);
  out.modified.set_member(false);
  out.added.set_member(false);
  return out;
}

}  // namespace spoke::kube::typed
