#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "kube/erase_if.h"
#include "kube/go_text.h"
#include "kube/patch.h"
#include "kube/status.h"

// Names follow k8s.io/apimachinery/pkg/util/strategicpatch where they say the same. `live` is what is stored.
namespace spoke::kube {
namespace {

constexpr std::string_view kDirective = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFromList = "$deleteFromPrimitiveList";
constexpr std::string_view kSetElementOrder = "$setElementOrder";

StatusError wrong_type(std::string_view expected, const json::value& actual) {
  return unclassified(fmt::format("expected a {}, but received a {}", expected, go_type(actual)));
}

json::array& as_list(json::value& v) {
  if (!v.is_array()) throw wrong_type("[]interface {}", v);
  return v.get_array();
}

StatusError unknown_directive(const json::value& directive, const json::object& map) {
  const std::string shown = directive.is_string() ? json::to_string(directive.get_string())
                            : directive.is_null()
                                ? std::string(go_type(directive))
                                : fmt::format("%!s({}={})", go_type(directive), go_printed(directive));
  return unclassified(fmt::format("unknown patch type: {} in map: {}", shown, go_printed(map)));
}

// "x" of "$setElementOrder/x".
std::string field_of_directive(std::string_view key, std::string_view directive) {
  if (key.size() > directive.size() && key[directive.size()] == '/')
    return std::string(key.substr(directive.size() + 1));
  throw bad_request(fmt::format("invalid patch format of {}",
                                directive == kDeleteFromList ? "primitive list" : "setElementOrder list"));
}

// The schema of a member, or null where nothing is known about it.
const Schema* member_schema(const Schema* schema, std::string_view name) {
  if (schema == nullptr || schema->type == Schema::Type::Any) return nullptr;
  if (schema->type == Schema::Type::Map) {
    if (!schema->go_type.empty())
      throw unclassified("merging an object in json but data type is not struct, instead is: map");
    return schema->items.get();
  }
  const auto it = schema->properties.find(name);
  if (it != schema->properties.end()) return it->second.get();
  if (schema->go_type.empty() || schema->preserve_unknown) return nullptr;
  const std::string_view type = schema->go_type;
  throw unclassified(fmt::format("unable to find api field in struct {} for the json field {}",
                                 type.substr(type.find_last_of(".*") + 1), go_quoted(name)));
}

// How the items of a list merge.
struct ListRules {
  const Schema* items = nullptr;
  bool merge = false;
  std::string merge_key;
};

ListRules list_rules(const Schema* schema, std::string_view name) {
  const Schema* list = member_schema(schema, name);
  if (list == nullptr || list->type == Schema::Type::Any) return {};
  if (list->type != Schema::Type::List) throw unclassified("expected slice or array type, but got: struct");
  return {list->items.get(), list->patch_merge, list->patch_key};
}

// What items are told apart by: themselves, or the value of their merge key. 1 and "1" differ.
std::string identity(const json::value& v) { return fmt::format("{} {}", go_type(v), json::dump(v)); }

std::string identity(const json::value& item, const std::string& merge_key) {
  if (merge_key.empty()) return identity(item);
  const json::value* key = json::find_member(item, merge_key);
  return identity(key != nullptr ? *key : json::value(nullptr));
}

// The merge key's value of an item. Throws where it has none.
std::string required_identity(const json::value& item, const std::string& merge_key) {
  if (!item.is_object()) throw wrong_type("map[string]interface {}", item);
  if (json::find_member(item, merge_key) == nullptr)
    throw unclassified(fmt::format("map: {} does not contain declared merge key: {}", go_printed(item), merge_key));
  return identity(item, merge_key);
}

// An order of items, by their identities.
class Order {
 public:
  Order() = default;
  Order(const json::array& items, const std::string& merge_key) {
    for (const auto& item : items) add(identity(item, merge_key));
  }
  void add(const std::string& id) { ranks_.try_emplace(id, ranks_.size()); }
  std::optional<size_t> rank(const std::string& id) const {
    const auto it = ranks_.find(id);
    return it == ranks_.end() ? std::nullopt : std::optional(it->second);
  }

 private:
  std::unordered_map<std::string, size_t> ranks_;
};

struct Ranked {
  std::string id;
  std::optional<size_t> rank;
  json::value item;
};

void sort_by_rank(std::vector<Ranked>& items) {
  std::vector<std::pair<std::optional<size_t>, size_t>> order;
  for (size_t i = 0; i < items.size(); ++i) order.emplace_back(items[i].rank, i);
  std::sort(order.begin(), order.end());
  std::vector<Ranked> sorted;
  sorted.reserve(items.size());
  for (const auto& [rank, i] : order) sorted.push_back(std::move(items[i]));
  items = std::move(sorted);
}

// Items that `wanted` names stand in its order, the others in the live one. Where an item of each side meets, the live
// one comes first if it stood first when both were live.
json::array arranged(json::array items, const Order& wanted, const Order& live, const std::string& merge_key) {
  std::vector<Ranked> ours;
  std::vector<Ranked> theirs;
  for (auto& item : items) {
    std::string id = identity(item, merge_key);
    const auto rank = wanted.rank(id);
    auto& side = rank ? ours : theirs;
    const auto order = rank ? rank : live.rank(id);
    side.push_back({std::move(id), order, std::move(item)});
  }
  sort_by_rank(ours);
  sort_by_rank(theirs);
  json::array out;
  out.reserve(items.size());
  auto our = ours.begin();
  for (auto& their : theirs) {
    for (; our != ours.end(); ++our) {
      const auto rank = live.rank(our->id);
      if (their.rank && rank && *their.rank < *rank) break;
      out.push_back(std::move(our->item));
    }
    out.push_back(std::move(their.item));
  }
  for (; our != ours.end(); ++our) out.push_back(std::move(our->item));
  return out;
}

// Whether the items are objects. They must all be of one type, and not lists.
bool items_are_objects(const json::array& live, const json::array& patch) {
  const json::value* first = nullptr;
  for (const auto* list : {&live, &patch}) {
    for (const auto& item : *list) {
      if (first == nullptr) first = &item;
      if (first->is_array()) throw rejected();
      if (go_type(item) != go_type(*first))
        throw unclassified(
            fmt::format("list element types are not identical: [{} {}]", go_printed(live), go_printed(patch)));
    }
  }
  if (first == nullptr) throw unclassified("no elements in any of the given slices");
  return first->is_object();
}

// Takes out every object that holds `$patch`. False where `v` itself is one.
bool remove_directives(json::value& v) {
  if (auto* object = v.if_object()) {
    if (object->contains(kDirective)) return false;
    erase_if(*object, [](auto& member) { return !remove_directives(member.value()); });
  } else if (auto* array = v.if_array()) {
    json::array kept;
    for (auto& item : *array)
      if (remove_directives(item)) kept.push_back(std::move(item));
    *array = std::move(kept);
  }
  return true;
}

bool deletes(const json::value& item) { return json::str(item, kDirective) == "delete"; }

// The items of a list in the patch must be among those of $setElementOrder, and in its order. Those that are deleted do
// not count; those with another directive only at the end, where the order has none left for them.
void check_order(const json::array& patch, const json::array& order, const std::string& merge_key) {
  if (patch.empty() || order.empty()) return;
  const auto id = [&](const json::value& item) {
    return merge_key.empty() ? identity(item) : required_identity(item, merge_key);
  };
  auto wanted = order.begin();
  for (const auto& item : patch) {
    if (!merge_key.empty()) {
      if (!item.is_object()) throw wrong_type("map[string]interface {}", item);
      if (deletes(item)) continue;
    }
    if (json::find_member(item, kDirective) == nullptr) {
      const std::string ours = id(item);
      while (wanted != order.end() && ours != id(*wanted)) ++wanted;
      if (wanted != order.end()) {
        ++wanted;
        continue;
      }
    }
    if (wanted == order.end())
      throw unclassified(fmt::format("The order in patch list:\n{}\n doesn't match {} list:\n{}\n", go_printed(patch),
                                     kSetElementOrder, go_printed(order)));
  }
}

class Merger {
 public:
  static json::object map(json::object live, json::object patch, const Schema* schema) {
    if (const auto* directive = patch.if_contains(kDirective)) return directed(*directive, std::move(patch));
    retain_keys(live, patch);
    set_element_orders(live, patch, schema);
    std::unordered_set<std::string> gone;
    for (auto& member : patch) {
      const bool deleting = std::string_view(member.key()).starts_with(kDeleteFromList);
      const std::string name = deleting ? field_of_directive(member.key(), kDeleteFromList) : std::string(member.key());
      if (!merge_member(live, name, std::move(member.value()), deleting, schema)) gone.insert(name);
    }
    if (!gone.empty()) erase_if(live, [&](const auto& member) { return gone.contains(std::string(member.key())); });
    return live;
  }

 private:
  struct List {
    json::array items;
    Order live;  // what the live list's order is taken to be
  };

  static json::object directed(const json::value& directive, json::object patch) {
    const bool text = directive.is_string();
    if (text && directive.get_string() == "delete") return {};
    if (!text || directive.get_string() != "replace") throw unknown_directive(directive, patch);
    patch.erase(kDirective);
    return patch;
  }

  // $retainKeys names all that may stay; what the patch sets must be among it.
  static void retain_keys(json::object& live, json::object& patch) {
    const auto* directive = patch.if_contains(kRetainKeys);
    if (directive == nullptr) return;
    if (!directive->is_array()) throw bad_request("invalid patch format of retainKeys");
    std::set<std::string, std::less<>> keys;
    for (const auto& key : directive->get_array())
      if (key.is_string()) keys.insert(json::to_string(key.get_string()));
    patch.erase(kRetainKeys);
    for (const auto& [key, value] : patch) {
      const std::string_view name = key;
      if (!value.is_null() && !name.starts_with(kDeleteFromList) && !name.starts_with(kSetElementOrder) &&
          !keys.contains(name))
        throw bad_request("invalid patch format of retainKeys");
    }
    erase_if(live, [&](const auto& member) { return !keys.contains(std::string_view(member.key())); });
  }

  // Merges each list that has a $setElementOrder, and takes both out of the patch.
  static void set_element_orders(json::object& live, json::object& patch, const Schema* schema) {
    std::vector<std::string> keys;
    for (const auto& member : patch)
      if (std::string_view(member.key()).starts_with(kSetElementOrder)) keys.emplace_back(member.key());
    for (const auto& key : keys) {
      json::value order = std::move(patch.at(key));
      patch.erase(key);
      set_element_order(live, patch, schema, key, as_list(order));
    }
  }

  static void set_element_order(json::object& live, json::object& patch, const Schema* schema, std::string_view key,
                                const json::array& order) {
    const std::string field = field_of_directive(key, kSetElementOrder);
    json::value* live_value = live.if_contains(field);
    json::value* patch_value = patch.if_contains(field);
    const json::array live_list = live_value != nullptr ? as_list(*live_value) : json::array();
    const json::array patch_list = patch_value != nullptr ? as_list(*patch_value) : json::array();
    const ListRules rules = list_rules(schema, field);
    check_order(patch_list, order, rules.merge_key);

    List merged;
    if (live_value == nullptr && patch_value == nullptr) return;
    if (live_value == nullptr) {
      remove_directives(*patch_value);
      merged.items = std::move(patch_value->get_array());
    } else if (patch_value == nullptr) {
      merged = {live_list, Order(live_list, rules.merge_key)};
    } else {
      merged = list(live_list, patch_list, rules, false);
    }

    if (!rules.merge_key.empty()) {
      for (const auto& item : merged.items) required_identity(item, rules.merge_key);
      if (!merged.items.empty()) check_named(order, merged.items, rules.merge_key);
    }
    const bool objects = items_are_objects(live_list, patch_list);
    if (objects)
      for (const auto& item : order) required_identity(item, rules.merge_key);
    live[field] = arranged(std::move(merged.items), Order(order, rules.merge_key), merged.live, rules.merge_key);
    patch.erase(field);
  }

  // An item that is no object is met only by those that look past it.
  static void check_named(const json::array& order, const json::array& items, const std::string& merge_key) {
    const auto bad = std::find_if(order.begin(), order.end(), [](const json::value& v) { return !v.is_object(); });
    if (bad == order.end()) return;
    const Order before(json::array(order.begin(), bad), merge_key);
    for (const auto& item : items)
      if (!before.rank(identity(item, merge_key)))
        throw unclassified(fmt::format("value for key {} is not a map", bad - order.begin()));
  }

  // Whether the live object still has the member then.
  static bool merge_member(json::object& live, const std::string& name, json::value value, bool deleting,
                           const Schema* schema) {
    if (value.is_null()) return false;
    json::value* current = live.if_contains(name);
    if (current == nullptr || go_type(*current) != go_type(value)) {
      if (deleting) return true;
      discard_nulls(value);
      if (!remove_directives(value)) return false;
      live[name] = std::move(value);
    } else if (value.is_object()) {
      const Schema* field = member_schema(schema, name);
      *current = field != nullptr && field->patch_replace
                     ? std::move(value.get_object())
                     : map(std::move(current->get_object()), std::move(value.get_object()), field);
    } else if (value.is_array()) {
      const ListRules rules = list_rules(schema, name);
      *current = list(std::move(current->get_array()), std::move(value.get_array()), rules, deleting).items;
    } else {
      *current = std::move(value);
    }
    return true;
  }

  static List list(json::array live, json::array patch, const ListRules& rules, bool deleting) {
    if (!rules.merge && !deleting) return {std::move(patch), Order(live, rules.merge_key)};
    if (live.empty() && patch.empty()) return {};
    if (!items_are_objects(live, patch))
      return deleting ? List{without(live, patch), {}} : scalars(std::move(live), patch, rules.merge_key);
    if (rules.merge_key.empty()) throw unclassified("cannot merge lists without merge key for struct");
    return objects(std::move(live), std::move(patch), rules);
  }

  static json::array without(const json::array& live, const json::array& unwanted) {
    const Order gone(unwanted, "");
    json::array out;
    for (const auto& item : live)
      if (!gone.rank(identity(item))) out.push_back(item);
    return out;
  }

  static List scalars(json::array live, const json::array& patch, const std::string& merge_key) {
    const Order before(live, "");
    std::unordered_set<std::string> seen;
    json::array both;
    for (const auto* side : {static_cast<const json::array*>(&live), &patch})
      for (const auto& item : *side)
        if (seen.insert(identity(item)).second) both.push_back(item);
    if (!merge_key.empty() && !both.empty()) required_identity(both[0], merge_key);
    return {arranged(std::move(both), Order(patch, ""), before, ""), before};
  }

  static List objects(json::array live, json::array patch, const ListRules& rules) {
    const std::string& key = rules.merge_key;
    const size_t live_size = live.size();
    json::array added;
    bool replace = false;
    std::unordered_set<std::string> deleted;
    for (auto& item : patch) {
      const json::value* directive = json::find_member(item, kDirective);
      if (directive == nullptr) {
        added.push_back(std::move(item));
      } else if (deletes(item)) {
        deleted.insert(required_identity(item, key));
      } else if (directive->is_string() && directive->get_string() == "replace") {
        replace = true;  // of the whole list; go on, for the sake of the other directives
      } else if (directive->is_string() && directive->get_string() == "merge") {
        throw unclassified("merging lists cannot yet be specified in the patch");
      } else {
        throw unknown_directive(*directive, item.get_object());
      }
    }
    if (!deleted.empty()) {
      json::array kept;
      for (auto& item : live)
        if (json::find_member(item, key) == nullptr || !deleted.contains(identity(item, key)))
          kept.push_back(std::move(item));
      live = std::move(kept);
    }
    Order before(live, key);
    size_t freed = live_size - live.size();
    if (replace) {
      for (const auto& item : added) required_identity(item, key);
      const Order order_of_patch(added, key);
      return {arranged(std::move(added), {}, order_of_patch, key), before};
    }

    std::unordered_map<std::string, size_t> places;
    for (size_t i = 0; i < live.size(); ++i)
      if (json::find_member(live[i], key) != nullptr) places.try_emplace(identity(live[i], key), i);
    const Order order_of_live = before;
    const Order order_of_patch(added, key);
    for (auto& item : added) {
      const std::string id = required_identity(item, key);
      const auto [place, is_new] = places.try_emplace(id, live.size());
      if (!is_new) {
        auto& into = live[place->second];
        into = map(std::move(into.get_object()), std::move(item.get_object()), rules.items);
        continue;
      }
      live.push_back(std::move(item));
      // Go appends into the room that deleted items left, so the next look at the live order finds them there.
      if (freed > 0) {
        --freed;
        before.add(id);
      }
    }
    for (const auto& item : live) required_identity(item, key);
    return {arranged(std::move(live), order_of_patch, order_of_live, key), before};
  }
};

}  // namespace

json::value strategic_merge_patch(const Schema& schema, json::value document, const json::value& patch) {
  if (patch.is_null()) return document;
  if (!patch.is_object())
    throw bad_request(
        fmt::format("json: cannot unmarshal {} into Go value of type map[string]interface {{}}", go_json_kind(patch)));
  json::object live = document.is_object() ? std::move(document.get_object()) : json::object();
  return Merger::map(std::move(live), patch.get_object(), &schema);
}

}  // namespace spoke::kube
