#include "kube/patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "kube/erase_if.h"
#include "kube/go_text.h"
#include "kube/status.h"

namespace spoke::kube {
namespace {

constexpr size_t kMaxOperations = 10000;
constexpr size_t kMaxCopiedBytes = 3 << 20;  // kube-apiserver's JSONPatchMaxCopyBytes
constexpr size_t kMaxDepth = 64;             // what json::parse reads
constexpr size_t kMaxSteps = 100'000'000;    // values moved and looked at: some tenths of a second

StatusError not_decoded(const json::value& found, std::string_view into) {
  return bad_request(
      fmt::format("error decoding patch: json: cannot unmarshal {} into Go {}", go_json_kind(found), into));
}

// One document under change. Go's library works on text as it was sent; where that shows (1 is not 1.0), so do we.
class Patched {
 public:
  explicit Patched(json::value document) : document_(std::move(document)) {}

  void apply(const json::object& operation) {
    const json::value* kind = operation.if_contains("op");
    const std::string_view op = kind != nullptr && kind->is_string() ? std::string_view(kind->get_string()) : "";
    if (op == "add")
      add(text(operation, "path"), given(operation));
    else if (op == "remove")
      take(text(operation, "path"));
    else if (op == "replace")
      replace(text(operation, "path"), given(operation));
    else if (op == "move")
      move(text(operation, "from"), operation);
    else if (op == "copy")
      copy(text(operation, "from"), operation);
    else if (op == "test")
      test(text(operation, "path"), operation);
    else
      throw rejected();
  }

  json::value result() && { return std::move(document_); }

 private:
  // Where a pointer leads: `key` inside of an object or an array.
  struct Place {
    json::value* container;
    std::string key;
    size_t depth;  // of what stands there
  };

  static std::string text(const json::object& operation, std::string_view member) {
    const json::value* found = operation.if_contains(member);
    if (found == nullptr || !found->is_string()) throw rejected();
    return json::to_string(found->get_string());
  }

  static json::value given(const json::object& operation) {
    const json::value* found = operation.if_contains("value");
    return found != nullptr ? *found : json::value(nullptr);
  }

  void spend(size_t steps) {
    spent_ += steps;
    if (spent_ > kMaxSteps)
      throw request_too_large("Request entity too large: the JSON patch moves too many values around");
  }

  Place locate(std::string_view pointer) {
    auto tokens = split(pointer, '/');
    if (tokens.size() < 2 || tokens.size() > kMaxDepth + 1) throw rejected();
    for (auto& token : tokens) token = replace_all(replace_all(std::move(token), "~1", "/"), "~0", "~");
    json::value* at = &document_;
    for (size_t i = 1; i + 1 < tokens.size(); ++i) {
      at = find({at, tokens[i], i});
      if (at == nullptr) throw rejected();
    }
    if (!at->is_object() && !at->is_array()) throw rejected();
    return {at, tokens.back(), tokens.size() - 1};
  }

  // A negative index counts from `end`.
  static size_t index(const std::string& key, size_t end) {
    const auto number = to_int(key);
    const auto size = static_cast<long long>(end);
    if (!number || *number >= size || *number < -size) throw rejected();
    return static_cast<size_t>(*number < 0 ? *number + size : *number);
  }

  // Null where an object has no such member; a place in an array must be there.
  static json::value* find(const Place& place) {
    if (auto* object = place.container->if_object()) return object->if_contains(place.key);
    if (auto* array = place.container->if_array()) return &(*array)[index(place.key, array->size())];
    throw rejected();
  }

  static size_t depth(const json::value& v, size_t& steps) {
    ++steps;
    size_t below = 0;
    if (const auto* object = v.if_object()) {
      for (const auto& member : *object) below = std::max(below, depth(member.value(), steps));
      return below + 1;
    }
    if (const auto* array = v.if_array()) {
      for (const auto& item : *array) below = std::max(below, depth(item, steps));
      return below + 1;
    }
    return 0;
  }

  void put(const Place& place, json::value value) {
    size_t steps = 0;
    const size_t height = depth(value, steps);
    spend(steps);
    if (place.depth + height > kMaxDepth) throw rejected();
    if (auto* object = place.container->if_object()) {
      (*object)[place.key] = std::move(value);
      return;
    }
    auto& array = place.container->get_array();
    const size_t at = place.key == "-" ? array.size() : index(place.key, array.size() + 1);
    spend(array.size() - at);
    array.insert(array.begin() + static_cast<std::ptrdiff_t>(at), std::move(value));
  }

  void add(std::string_view path, json::value value) { put(locate(path), std::move(value)); }

  json::value take(std::string_view path) {
    const Place place = locate(path);
    json::value* found = find(place);
    if (found == nullptr) throw rejected();
    json::value value = std::move(*found);
    if (auto* object = place.container->if_object()) {
      spend(object->size());
      object->stable_erase(object->find(place.key));
    } else {
      auto& array = place.container->get_array();
      const auto at = static_cast<size_t>(found - array.data());
      spend(array.size() - at);
      array.erase(array.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return value;
  }

  void replace(std::string_view path, json::value value) {
    if (path.empty()) {
      // Go's library leaves the document as it is where the value is neither an object nor an array.
      if (value.is_object() || value.is_array()) document_ = std::move(value);
      return;
    }
    const Place place = locate(path);
    if (place.container->is_object()) return put(place, std::move(value));
    size_t steps = 0;
    if (place.depth + depth(value, steps) > kMaxDepth) throw rejected();
    *find(place) = std::move(value);
  }

  void move(std::string_view from, const json::object& operation) {
    json::value value = take(from);
    add(text(operation, "path"), std::move(value));
  }

  void copy(std::string_view from, const json::object& operation) {
    const json::value* found = find(locate(from));  // a member that is not there is copied as null
    json::value value = found != nullptr ? *found : json::value(nullptr);
    const Place to = locate(text(operation, "path"));
    if (found != nullptr) copied_ += json::dump(value).size();
    if (copied_ > kMaxCopiedBytes) throw rejected();
    put(to, std::move(value));
  }

  void test(std::string_view path, const json::object& operation) {
    const json::value* expected = operation.if_contains("value");
    const json::value* found = path.empty() ? &document_ : find(locate(path));
    const bool absent = found == nullptr || found->is_null();
    if (expected == nullptr || (absent ? !expected->is_null() : *found != *expected)) throw rejected();
  }

  json::value document_;
  size_t copied_ = 0;
  size_t spent_ = 0;
};

json::value without_nulls(json::value v) {
  discard_nulls(v);
  return v;
}

void merge(json::object& document, const json::object& patch) {
  bool removes = false;
  for (const auto& [key, value] : patch) {
    if (value.is_null()) {
      removes = true;
      continue;
    }
    json::value& current = document[key];
    if (!current.is_object())
      current = without_nulls(value);
    else if (value.is_object())
      merge(current.get_object(), value.get_object());
    else
      current = value;
  }
  if (!removes) return;
  erase_if(document, [&](const auto& member) {
    const json::value* patched = patch.if_contains(member.key());
    return patched != nullptr && patched->is_null();
  });
}

}  // namespace

void discard_nulls(json::value& value) {
  if (auto* object = value.if_object()) {
    bool found = false;
    for (auto& member : *object) {
      found = found || member.value().is_null();
      discard_nulls(member.value());
    }
    if (found) erase_if(*object, [](const auto& member) { return member.value().is_null(); });
  } else if (auto* array = value.if_array()) {
    for (auto& item : *array) discard_nulls(item);
  }
}

json::value json_patch(const json::value& document, const json::value& patch) {
  static const json::array kNothing;
  if (!patch.is_array() && !patch.is_null()) throw not_decoded(patch, "value of type []handlers.jsonPatchOp");
  const json::array& operations = patch.is_null() ? kNothing : patch.get_array();
  for (const auto& operation : operations) {
    if (operation.is_null()) continue;
    if (!operation.is_object()) throw not_decoded(operation, "value of type handlers.jsonPatchOp");
    for (const auto& [name, value] : operation.get_object())
      if ((name == "op" || name == "path" || name == "from") && !value.is_string() && !value.is_null())
        throw not_decoded(value, fmt::format("struct field jsonPatchOp.{} of type string", std::string_view(name)));
  }
  if (operations.size() > kMaxOperations)
    throw request_too_large(
        fmt::format("Request entity too large: The allowed maximum operations in a JSON patch is {}, got {}",
                    kMaxOperations, operations.size()));
  Patched patched(document);
  for (const auto& operation : operations) {
    if (!operation.is_object()) throw rejected();
    patched.apply(operation.get_object());
  }
  return std::move(patched).result();
}

json::value merge_patch(json::value document, const json::value& patch) {
  if (patch.is_null()) throw bad_request("Invalid JSON Patch");
  if (!patch.is_object()) throw not_decoded(patch, "value of type map[string]interface {}");
  if (!document.is_object()) return without_nulls(patch);
  merge(document.get_object(), patch.get_object());
  return document;
}

}  // namespace spoke::kube
