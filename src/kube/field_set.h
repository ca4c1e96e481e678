// A set of fields of an object, as metadata.managedFields keeps it (FieldsV1).
//
// A path element is written as in FieldsV1: `f:name` a member of an object, `k:{"name":"a"}` the item of a list with
// these keys, `v:"x"` the item of a set with this value, `i:0` an index.
// Source: sigs.k8s.io/structured-merge-diff, fieldpath.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"

namespace spoke::kube {

std::string field_element(std::string_view name);
std::string key_element(const json::object& keys);
std::string value_element(const json::value& value);
std::string element_text(std::string_view element);  // as messages show it: `.name`, `[name="a"]`, `[="x"]`, `[0]`

// A tree. Each node is a path element that may be in the set itself, or only lead to ones that are. No node is neither.
class FieldSet {
 public:
  using Children = std::map<std::string, FieldSet, std::less<>>;

  bool empty() const { return !member_ && children_.empty(); }
  bool member() const { return member_; }  // whether what the node stands for is in the set
  const Children& children() const { return children_; }
  const FieldSet* child(std::string_view element) const;

  void set_member(bool member) { member_ = member; }
  void attach(std::string element, FieldSet child);  // in place of what was there; an empty one is left out
  void erase(std::string_view element);              // with all below it

  FieldSet united(const FieldSet& other) const;
  FieldSet intersected(const FieldSet& other) const;
  FieldSet without(const FieldSet& other) const;  // the other's members, and only them: what lies below them stays

  // Each member's path as messages show it: `.spec.containers[name="a"].image`. Members of a node come before what is
  // below them, as the API server lists them.
  std::vector<std::string> paths() const;

  // FieldsV1. Reading leaves out elements of a kind that is not known, and throws Error where an element is malformed.
  static FieldSet from_json(const json::value& fields);
  json::value to_json() const;

 private:
  void add_paths(const std::string& prefix, std::vector<std::string>& out) const;

  bool member_ = false;
  Children children_;
};

}  // namespace spoke::kube
