#include "kube/field_set.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "kube/go_text.h"

namespace spoke::kube {
namespace {

using boost::json::kind;

// As Go's encoders write a scalar inside a key: what HTML would take for markup is escaped, whole floats lose their
// point.
std::string encoded(const json::value& v) {
  if (v.is_double()) {
    const double d = v.get_double();
    if (std::nearbyint(d) == d && std::fabs(d) < 9e15) return std::to_string(static_cast<long long>(d));
    return go_printed(v);
  }
  std::string out;
  for (const char c : json::dump(v)) {
    switch (c) {
      case '<': out += "\\u003c"; break;
      case '>': out += "\\u003e"; break;
      case '&': out += "\\u0026"; break;
      default: out += c;
    }
  }
  return out;
}

double number(const json::value& v) { return v.is_double() ? v.get_double() : static_cast<double>(v.get_int64()); }

// Numbers, strings, booleans, then the rest, which keys do not hold.
int rank(const json::value& v) {
  switch (v.kind()) {
    case kind::double_:
    case kind::int64: return 0;
    case kind::string: return 1;
    case kind::bool_: return 2;
    default: return 3;
  }
}

int compare(const json::value& a, const json::value& b) {
  if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
  switch (rank(a)) {
    case 0: return number(a) < number(b) ? -1 : number(a) > number(b) ? 1 : 0;
    case 1: return std::string_view(a.get_string()).compare(std::string_view(b.get_string()));
    case 2: return static_cast<int>(a.get_bool()) - static_cast<int>(b.get_bool());
    default: return encoded(a).compare(encoded(b));
  }
}

// A path element taken apart, for ordering and for messages.
struct Parsed {
  char type = 'f';
  std::string_view name;                                    // f
  std::vector<std::pair<std::string, json::value>> values;  // k: sorted by name; v: one, without a name
  long long index = 0;                                      // i
};

Parsed parse_element(std::string_view element) {
  Parsed out{.type = element[0], .name = element.substr(2), .values = {}};
  if (out.type == 'v') {
    out.values.emplace_back("", json::parse(out.name));
  } else if (out.type == 'i') {
    out.index = to_int(out.name).value_or(0);
  } else if (out.type == 'k') {
    const json::value keys = json::parse(out.name);
    if (!keys.is_object()) fail("managed fields: not an object of keys: {}", element);
    for (const auto& [name, value] : keys.get_object()) out.values.emplace_back(std::string(name), value);
    std::sort(out.values.begin(), out.values.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  return out;
}

int type_order(char type) { return static_cast<int>(std::string_view("fkvi").find(type)); }

bool before(const Parsed& a, const Parsed& b) {
  if (a.type != b.type) return type_order(a.type) < type_order(b.type);
  if (a.type == 'f') return a.name < b.name;
  if (a.type == 'i') return a.index < b.index;
  for (size_t i = 0; i < a.values.size() && i < b.values.size(); ++i) {
    if (const int names = a.values[i].first.compare(b.values[i].first); names != 0) return names < 0;
    if (const int order = compare(a.values[i].second, b.values[i].second); order != 0) return order < 0;
  }
  return a.values.size() < b.values.size();
}

using Entry = FieldSet::Children::value_type;

// The order that the API server writes. It is ours already where all elements are members of an object.
std::vector<const Entry*> ordered(const FieldSet::Children& children) {
  std::vector<const Entry*> out;
  out.reserve(children.size());
  for (const auto& entry : children) out.push_back(&entry);
  if (std::all_of(out.begin(), out.end(), [](const Entry* e) { return e->first[0] == 'f'; })) return out;
  std::vector<std::pair<Parsed, const Entry*>> parsed;
  parsed.reserve(out.size());
  for (const Entry* e : out) parsed.emplace_back(parse_element(e->first), e);
  std::sort(parsed.begin(), parsed.end(), [](const auto& a, const auto& b) { return before(a.first, b.first); });
  for (size_t i = 0; i < out.size(); ++i) out[i] = parsed[i].second;
  return out;
}

// An element as we would have written it, so that equal ones are equal texts. Nothing where its kind is not known.
std::optional<std::string> normalized(std::string_view element) {
  if (element.size() < 2 || element[1] != ':') fail("managed fields: not a path element: {}", element);
  if (type_order(element[0]) < 0) return std::nullopt;
  if (element[0] == 'f') return std::string(element);
  const Parsed p = parse_element(element);
  if (p.type == 'i') return "i:" + std::to_string(p.index);
  if (p.type == 'v') return value_element(p.values[0].second);
  json::object keys;
  for (const auto& [name, value] : p.values) keys[name] = value;
  return key_element(keys);
}

}  // namespace

std::string field_element(std::string_view name) {
  std::string out = "f:";
  return out += name;
}

std::string key_element(const json::object& keys) {
  std::vector<const json::object::value_type*> sorted;
  for (const auto& key : keys) sorted.push_back(&key);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });
  std::string out = "k:{";
  for (const auto* key : sorted) {
    if (key != sorted.front()) out += ',';
    out += json::dump(json::value(key->key())) + ":" + encoded(key->value());
  }
  return out += '}';
}

std::string value_element(const json::value& value) { return "v:" + encoded(value); }

std::string element_text(std::string_view element) {
  const Parsed p = parse_element(element);
  switch (p.type) {
    case 'f': return "." + std::string(p.name);
    case 'v': return "[=" + go_shown(p.values[0].second) + "]";
    case 'i': return "[" + std::to_string(p.index) + "]";
    default: break;
  }
  std::string out;
  for (const auto& [name, value] : p.values) out += (out.empty() ? "" : ",") + name + "=" + go_shown(value);
  return "[" + out + "]";
}

const FieldSet* FieldSet::child(std::string_view element) const {
  const auto found = children_.find(element);
  return found != children_.end() ? &found->second : nullptr;
}

void FieldSet::attach(std::string element, FieldSet child) {
  if (!child.empty()) children_.insert_or_assign(std::move(element), std::move(child));
}

void FieldSet::erase(std::string_view element) {
  if (const auto found = children_.find(element); found != children_.end()) children_.erase(found);
}

FieldSet FieldSet::united(const FieldSet& other) const {
  FieldSet out = *this;
  out.member_ |= other.member_;
  for (const auto& [element, theirs] : other.children_) {
    const auto [ours, added] = out.children_.try_emplace(element, theirs);
    if (!added) ours->second = ours->second.united(theirs);
  }
  return out;
}

FieldSet FieldSet::intersected(const FieldSet& other) const {
  FieldSet out;
  out.member_ = member_ && other.member_;
  for (const auto& [element, ours] : children_)
    if (const FieldSet* theirs = other.child(element)) out.attach(element, ours.intersected(*theirs));
  return out;
}

FieldSet FieldSet::without(const FieldSet& other) const {
  FieldSet out;
  out.member_ = member_ && !other.member_;
  for (const auto& [element, ours] : children_) {
    const FieldSet* theirs = other.child(element);
    out.attach(element, theirs != nullptr ? ours.without(*theirs) : ours);
  }
  return out;
}

void FieldSet::add_paths(const std::string& prefix, std::vector<std::string>& out) const {
  const auto sorted = ordered(children_);
  for (const Entry* e : sorted)
    if (e->second.member_) out.push_back(prefix + element_text(e->first));
  for (const Entry* e : sorted)
    if (!e->second.children_.empty()) e->second.add_paths(prefix + element_text(e->first), out);
}

std::vector<std::string> FieldSet::paths() const {
  std::vector<std::string> out;
  add_paths("", out);
  return out;
}

FieldSet FieldSet::from_json(const json::value& fields) {
  FieldSet out;
  if (!fields.is_object()) return out;
  for (const auto& [element, below] : fields.get_object()) {
    if (element == ".") continue;
    const auto name = normalized(element);
    if (!name) continue;
    FieldSet child = from_json(below);
    // An element with nothing below it is a member; one with something below it says so with ".".
    child.member_ = child.children_.empty() || (below.is_object() && below.get_object().contains("."));
    out.attach(*name, std::move(child));
  }
  return out;
}

json::value FieldSet::to_json() const {
  json::object out;
  out.reserve(children_.size() + 1);
  for (const Entry* e : ordered(children_)) {
    json::object below;
    if (!e->second.children_.empty()) {
      if (e->second.member_) below["."] = json::object();
      for (auto& member : e->second.to_json().get_object()) below[member.key()] = std::move(member.value());
    }
    out[e->first] = std::move(below);
  }
  return out;
}

}  // namespace spoke::kube
