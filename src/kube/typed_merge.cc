#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "kube/typed.h"

namespace spoke::kube::typed {
namespace {

using Maybe = std::optional<json::value>;

Maybe merge(const Schema* schema, const json::value* under, const json::value* over);

// Lays the items of `over` upon those of `under`. Where both hold an item, `over` says in which order such items stand;
// items of only one side keep their place beside their neighbours.
class ListMerge {
 public:
  ListMerge(const Schema& schema, const json::array& under, const json::array& over) : schema_(schema) {
    under_ = index(under, under_by_);
    over_ = index(over, over_by_);
    for (const auto& item : over_)
      if (under_by_.contains(item.element)) shared_.push_back(item.element);
  }

  json::array run() {
    size_t left = 0, right = 0;
    while (left < under_.size() || right < over_.size()) {
      if (left < under_.size() && right < over_.size()) {
        const Item& item = under_[left];
        if (item.element == over_[right].element) {
          merged_.insert(item.element);
          put(under_by_[item.element], over_by_[item.element]);
          ++left;
          ++right;
          ++next_shared_;
          continue;
        }
        // Shared, but another shared item has to come before it.
        if (over_by_.contains(item.element) && next_shared_ < shared_.size() && shared_[next_shared_] != item.element) {
          ++left;
          continue;
        }
      }
      if (left < under_.size()) {
        const Item& item = under_[left];
        if (!over_by_.contains(item.element)) {
          put(item.value, nullptr);
          ++left;
          continue;
        }
        if (merged_.contains(item.element)) ++left;
      }
      if (right < over_.size()) {
        const Item& item = over_[right];
        merged_.insert(item.element);
        const auto known = under_by_.find(item.element);
        put(known != under_by_.end() ? known->second : nullptr, over_by_[item.element]);
        ++right;
        if (next_shared_ < shared_.size() && shared_[next_shared_] == item.element) ++next_shared_;
      }
    }
    return std::move(out_);
  }

 private:
  struct Item {
    std::string element;
    const json::value* value;
  };
  using ByElement = std::unordered_map<std::string, const json::value*>;  // null: there twice, hence not merged into

  std::vector<Item> index(const json::array& list, ByElement& by) const {
    std::vector<Item> out;
    for (const auto& value : list) {
      auto element = item_element(schema_, value);
      if (!element) continue;
      const auto [known, added] = by.try_emplace(*element, &value);
      if (!added) known->second = nullptr;
      out.push_back({std::move(*element), &value});
    }
    return out;
  }

  void put(const json::value* under, const json::value* over) {
    if (under == nullptr && over == nullptr) return;
    if (auto item = merge(schema_.items.get(), under, over)) out_.push_back(std::move(*item));
  }

  const Schema& schema_;
  std::vector<Item> under_, over_;
  ByElement under_by_, over_by_;
  std::vector<std::string> shared_;  // elements of both, in the order of `over`
  size_t next_shared_ = 0;
  std::unordered_set<std::string> merged_;
  json::array out_;
};

Maybe merge(const Schema* schema, const json::value* under, const json::value* over) {
  const Resolved as = resolve(schema, over != nullptr ? over : under);
  static const json::object no_members;
  static const json::array no_items;
  const auto whole = [&] { return Maybe(over != nullptr ? *over : *under); };
  if (as.shape == Shape::Leaf || as.atomic) return whole();
  if (as.shape == Shape::List) {
    const auto* below = under != nullptr ? under->if_array() : nullptr;
    const auto* above = over != nullptr ? over->if_array() : nullptr;
    if ((below == nullptr || below->empty()) && (above == nullptr || above->empty())) return whole();
    json::array out =
        ListMerge(*schema, below != nullptr ? *below : no_items, above != nullptr ? *above : no_items).run();
    return out.empty() ? Maybe() : Maybe(std::move(out));
  }
  const auto* below = under != nullptr ? under->if_object() : nullptr;
  const auto* above = over != nullptr ? over->if_object() : nullptr;
  if ((below == nullptr || below->empty()) && (above == nullptr || above->empty())) return whole();
  json::object out;
  for (const auto& [name, value] : below != nullptr ? *below : no_members)
    if (auto member = merge(member_schema(schema, name), &value, above != nullptr ? above->if_contains(name) : nullptr))
      out[name] = std::move(*member);
  for (const auto& [name, value] : above != nullptr ? *above : no_members)
    if (below == nullptr || !below->contains(name))
      if (auto member = merge(member_schema(schema, name), nullptr, &value)) out[name] = std::move(*member);
  return out.empty() ? Maybe() : Maybe(std::move(out));
}

// What is left of a value; null where nothing is.
json::value without(const Schema* schema, const json::value& value, const FieldSet& fields) {
  const Resolved as = resolve(schema, &value);
  if (as.shape == Shape::Leaf) return value;
  if (as.atomic) return nullptr;
  const auto rest = [&](const Schema* of, const json::value& v, const FieldSet* below) {
    return below != nullptr && !below->children().empty() ? without(of, v, *below) : v;
  };
  if (const auto* list = value.if_array()) {
    json::array out;
    for (const auto& item : *list) {
      const auto element = item_element(*schema, item);
      const FieldSet* below = element ? fields.child(*element) : nullptr;
      if (below == nullptr || !below->member()) out.push_back(rest(schema->items.get(), item, below));
    }
    return out.empty() ? json::value(nullptr) : json::value(std::move(out));
  }
  if (const auto* members = value.if_object()) {
    json::object out;
    for (const auto& [name, member] : *members) {
      const FieldSet* below = fields.child(field_element(name));
      if (below == nullptr || !below->member()) out[name] = rest(member_schema(schema, name), member, below);
    }
    return out.empty() ? json::value(nullptr) : json::value(std::move(out));
  }
  return nullptr;
}

}  // namespace

json::value merge(const Schema& schema, const json::value& under, const json::value& over) {
  return merge(&schema, &under, &over).value_or(json::object());
}

json::value without(const Schema& schema, const json::value& value, const FieldSet& fields) {
  return without(&schema, value, fields);
}

}  // namespace spoke::kube::typed
