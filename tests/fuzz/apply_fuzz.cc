// Requests of three managers to one object of a custom kind that has lists and maps of every type. The input's bytes
// choose what each request sets. What must hold:
//   - an applied field has its applied value;
//   - applying the same again neither conflicts nor changes anything;
//   - who owns nothing has no entry, and entries read as they were written.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "kube/apply.h"
#include "kube/managed_fields.h"
#include "kube/schema.h"
#include "kube/status.h"
#include "kube/typed.h"

namespace {

using namespace spoke;
using namespace spoke::kube;
using fuzz::check;

const Schema& schema() {
  static const SchemaPtr built = [] {
    std::vector<Cause> causes;
    return structural_schema(json::parse(R"({"type": "object", "properties": {
      "spec": {"type": "object", "properties": {
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "atomicMap": {"type": "object", "additionalProperties": {"type": "string"}, "x-kubernetes-map-type": "atomic"},
        "struct": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "object",
            "properties": {"c": {"type": "string"}}}}},
        "list": {"type": "array", "items": {"type": "string"}},
        "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "keyed": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "port"],
          "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"},
            "port": {"type": "integer", "default": 1}, "v": {"type": "string"}, "set": {"type": "array",
                "items": {"type": "integer"}, "x-kubernetes-list-type": "set"}}}},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}},
      "status": {"type": "object", "properties": {"n": {"type": "integer"}}}}})"),
                             "", causes);
  }();
  return *built;
}

class Choices {
 public:
  Choices(const std::uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool left() const { return at_ < size_; }
  unsigned up_to(unsigned n) { return left() ? data_[at_++] % (n + 1) : 0; }
  bool maybe() { return up_to(1) == 1; }
  std::string letter() { return std::string(1, static_cast<char>('a' + up_to(3))); }

  json::value text_map() {
    json::object out;
    for (unsigned i = up_to(3); i > 0; --i) out[letter()] = letter();
    return out;
  }
  json::value set_of(bool numbers) {
    json::array out;
    for (unsigned i = up_to(3); i > 0; --i) {
      const json::value item = numbers ? json::value(up_to(3)) : json::value(letter());
      if (std::find(out.begin(), out.end(), item) == out.end()) out.push_back(item);
    }
    return out;
  }
  json::value keyed() {
    json::array out;
    for (unsigned i = up_to(3); i > 0; --i) {
      json::object item{{"name", letter()}};
      if (maybe()) item["port"] = up_to(2);
      if (maybe()) item["v"] = letter();
      if (maybe()) item["set"] = set_of(true);
      const auto same = [&](const json::value& other) {
        return typed::item_element(list("keyed"), other) == typed::item_element(list("keyed"), item);
      };
      if (std::none_of(out.begin(), out.end(), same)) out.push_back(std::move(item));
    }
    return out;
  }
  json::value any(int depth) {
    switch (up_to(depth > 3 ? 2 : 5)) {
      case 0: return nullptr;
      case 1: return json::value(letter());
      case 2: return 1.5;
      case 3: {
        json::array out;
        for (unsigned i = up_to(2); i > 0; --i) out.push_back(any(depth + 1));
        return out;
      }
      default: {
        json::object out;
        for (unsigned i = up_to(2); i > 0; --i) out[letter()] = any(depth + 1);
        return out;
      }
    }
  }
  json::value spec() {
    json::object out;
    const unsigned which = up_to(255);
    if (which & 1) out["map"] = text_map();
    if (which & 2) out["atomicMap"] = text_map();
    if (which & 4)
      out["struct"] = maybe() ? json::parse(R"({"a": 1, "b": {}})") : json::parse(R"({"a": 2, "b": {"c": "x"}})");
    if (which & 8) out["list"] = set_of(false);
    if (which & 16) out["set"] = set_of(false);
    if (which & 32) out["keyed"] = keyed();
    if (which & 64) out["any"] = json::object{{letter(), any(0)}};
    return out;
  }
  json::value object() {
    json::object metadata{{"name", "x"}};
    // Never empty: what is empty in metadata is not kept, yet owned, and the next who applies it conflicts.
    if (maybe()) metadata["labels"] = json::object{{letter(), letter()}};
    if (maybe()) metadata["finalizers"] = json::array{json::value(letter())};
    return json::object{{"apiVersion", "a/v1"}, {"kind", "A"}, {"metadata", std::move(metadata)}, {"spec", spec()}};
  }

 private:
  static const Schema& list(std::string_view name) {
    return *schema().properties.at("spec")->properties.find(name)->second;
  }

  const std::uint8_t* data_;
  size_t size_, at_ = 0;
};

// Less what is empty: that is not kept apart everywhere.
json::value solid(const json::value& v) {
  const auto hollow = [](const json::value& e) {
    return e.is_null() || (e.is_object() && e.get_object().empty()) || (e.is_array() && e.get_array().empty());
  };
  if (const auto* list = v.if_array()) {
    json::array out;
    for (const auto& item : *list)
      if (json::value rest = solid(item); !hollow(rest)) out.push_back(std::move(rest));
    return out;
  }
  if (const auto* object = v.if_object()) {
    json::object out;
    for (const auto& [name, member] : *object)
      if (json::value rest = solid(member); !hollow(rest)) out[name] = std::move(rest);
    return out;
  }
  return v;
}

// Less the times of entries, too: where only what is empty goes, there is a time, and no other change.
json::value timeless(json::value object) {
  if (json::value* all = json::find(object, "metadata.managedFields"))
    for (json::value& entry : all->as_array()) json::remove(entry, "time");
  return solid(object);
}

json::value ownerless(json::value object) {
  json::remove(object, "metadata.managedFields");
  return object;
}

const json::value* entries(const json::value& object) { return json::find(object, "metadata.managedFields"); }

void entries_hold(const json::value& object) {
  const ManagedFields managed = read_managed_fields(entries(object));
  for (const auto& [_, entry] : managed)
    check(!entry.fields.empty(), "who owns nothing has no entry", json::dump(object));
  const json::array written = write_managed_fields(managed);
  check(written.empty() == (entries(object) == nullptr) && (written.empty() || fuzz::same(written, *entries(object))),
        "entries read as they were written", json::dump(object));
}

// Whether no part of it is empty. Who applies something empty owns what is around it, and by Kubernetes' rules that
// goes with the next request, though it is the same: with what nobody owns in it, or only by an empty list of items
// with keys.
bool is_solid(const json::value& object) { return solid(ownerless(object)) == ownerless(object); }

void applied_again(const json::value& live, const json::value& object, const Manager& manager) {
  // Of an object that nobody owns, the next who applies finds one who owned it before.
  if (entries(live) == nullptr || !is_solid(live) || !is_solid(object)) return;
  check(fuzz::same(timeless(apply(schema(), live, object, manager, false)), timeless(live)),
        "applying again changes nothing", json::dump(object) + "\n" + json::dump(live));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  json::value live;
  for (int request = 0; choices.left() && request < 12; ++request) {
    const unsigned what = choices.up_to(3);
    const Manager manager{choices.letter(), "a/v1", what == 3 ? "status" : "", "2026-01-01T00:00:00Z"};
    json::value object = choices.object();
    if (what >= 2) {
      if (live.is_null()) continue;
      if (choices.maybe()) object.at("metadata").get_object()["managedFields"] = choices.any(0);
      if (what == 3) object.get_object()["status"] = json::object{{"n", choices.up_to(2)}};
      normalize(schema(), object);
      track_update(schema(), live, object, manager);
      live = std::move(object);
    } else {
      try {
        json::value next = apply(schema(), live, object, manager, what == 1);
        // An object that was emptied, and not removed, is null: the API server refuses it.
        if (!validate(schema(), next).empty()) continue;
        normalize(schema(), next);
        live = std::move(next);
      } catch (const StatusError& e) {
        check(e.code() == 409 && what == 0, "only conflicts refuse what fits", e.message());
        continue;
      }
      check(fuzz::same(solid(typed::merge(schema(), live, object)), solid(live)),
            "an applied field has its applied value", json::dump(object) + "\n" + json::dump(live));
      applied_again(live, object, manager);
    }
    entries_hold(live);
  }
  return 0;
}
