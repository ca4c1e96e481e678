// Walks over values and their schema together, on which field ownership rests: which fields a value sets, how two
// values differ, what they are merged, what is left without some fields. Source: sigs.k8s.io/structured-merge-diff,
// typed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/json.h"
#include "kube/field_set.h"
#include "kube/schema.h"

namespace spoke::kube::typed {

// How a value takes part: a leaf is owned as one, whatever it holds.
enum class Shape { Leaf, Map, List };

struct Resolved {
  Shape shape = Shape::Leaf;
  bool atomic = false;  // a map or a list that is a leaf
};

// What the schema says, and, where it leaves it open, what the value is: objects merge, lists are atomic. A null schema
// leaves all open. `value` is null where it is not there.
Resolved resolve(const Schema* schema, const json::value* value);

// Of a member of a map; null where that may be anything. `declared` tells a struct's field from a map's key.
const Schema* member_schema(const Schema* schema, std::string_view name);
bool declared(const Schema* schema, std::string_view name);

// Which item of a set or a list with keys this is, `k:{...}` or `v:...`; nothing where it cannot be told, with the
// reason in `why` if asked for. Keys that are missing have their defaults.
std::optional<std::string> item_element(const Schema& list, const json::value& item, std::string* why = nullptr);

bool equal(const json::value& a, const json::value& b);  // numbers by value, 1 and 1.0 alike

// The fields that a value sets.
FieldSet fields_of(const Schema& schema, const json::value& value);

// The set and those of its declared fields that only lead to members.
FieldSet with_declared_fields(const Schema* schema, const FieldSet& set);

struct Comparison {
  FieldSet removed, modified, added;
  bool same() const { return removed.empty() && modified.empty() && added.empty(); }
};
Comparison compare(const Schema& schema, const json::value& before, const json::value& after);

// `over` laid upon `under`: lists with keys and sets merge item by item, in an order that respects both.
json::value merge(const Schema& schema, const json::value& under, const json::value& over);

// The value less these fields.
json::value without(const Schema& schema, const json::value& value, const FieldSet& fields);

// What keeps a value from being applied: a field that the schema does not know, a value of another type, items that
// cannot be told apart, in structured-merge-diff's words: ".spec.foo: field not declared in schema".
std::vector<std::string> problems(const Schema& schema, const json::value& value);

}  // namespace spoke::kube::typed
