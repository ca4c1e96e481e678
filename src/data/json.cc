#include "data/json.h"

#include <algorithm>
#include <map>
#include <utility>

namespace spoke::json {
namespace {

// Splits the first name off a path.
std::string_view next(std::string_view& path) {
  const auto dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  return name;
}

value& step(value& v, std::string_view name) {
  if (v.is_null()) v.emplace_object();
  if (!v.is_object()) fail("cannot set .{}: it would be inside of something that is not an object", name);
  return v.get_object()[name];
}

value& make(value& v, std::string_view path) {
  value* at = &v;
  while (!path.empty()) at = &step(*at, next(path));
  return *at;
}

void pretty(std::string& out, const value& v, size_t indent) {
  const std::string blanks(indent + 2, ' ');
  if (v.is_object() && !v.get_object().empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& [key, member] : v.get_object()) {
      if (!std::exchange(first, false)) out += ",\n";
      out += blanks + boost::json::serialize(boost::json::string_view(key)) + ": ";
      pretty(out, member, indent + 2);
    }
    out += "\n" + std::string(indent, ' ') + "}";
  } else if (v.is_array() && !v.get_array().empty()) {
    out += "[\n";
    bool first = true;
    for (const auto& item : v.get_array()) {
      if (!std::exchange(first, false)) out += ",\n";
      out += blanks;
      pretty(out, item, indent + 2);
    }
    out += "\n" + std::string(indent, ' ') + "]";
  } else {
    out += boost::json::serialize(v);
  }
}

}  // namespace

value parse(std::string_view text, boost::json::storage_ptr storage) {
  boost::json::parse_options options;
  options.max_depth = 64;
  boost::json::error_code error;
  value v = boost::json::parse(text, error, std::move(storage), options);
  if (error) throw ParseError("not JSON: " + error.message());
  return v;
}

boost::json::storage_ptr one_piece(size_t text) {
  return boost::json::make_shared_resource<boost::json::monotonic_resource>(std::max<size_t>(2 * text, 1024));
}

std::string dump(const value& v) { return boost::json::serialize(v); }

std::string dump_pretty(const value& v) {
  std::string out;
  pretty(out, v, 0);
  return out;
}

value sorted(const value& v) {
  if (const auto* list = v.if_array()) {
    array out;
    for (const auto& item : *list) out.push_back(sorted(item));
    return out;
  }
  if (!v.is_object()) return v;
  std::map<std::string_view, const value*> members;
  for (const auto& [name, member] : v.get_object()) members[name] = &member;
  object out;
  for (const auto& [name, member] : members) out[name] = sorted(*member);
  return out;
}

const value* find_member(const value& v, std::string_view name) {
  return v.is_object() ? v.get_object().if_contains(name) : nullptr;
}

const value* find(const value& v, std::string_view path) {
  const value* at = &v;
  while (at != nullptr && !path.empty()) at = find_member(*at, next(path));
  return at;
}

value* find(value& v, std::string_view path) { return const_cast<value*>(find(std::as_const(v), path)); }

std::string_view str(const value& v, std::string_view path, std::string_view otherwise) {
  const value* found = find(v, path);
  return found != nullptr && found->is_string() ? std::string_view(found->get_string()) : otherwise;
}

std::int64_t num(const value& v, std::string_view path, std::int64_t otherwise) {
  const value* found = find(v, path);
  if (found == nullptr) return otherwise;
  if (found->is_int64()) return found->get_int64();
  if (found->is_uint64() && found->get_uint64() <= static_cast<std::uint64_t>(INT64_MAX))
    return static_cast<std::int64_t>(found->get_uint64());
  if (found->is_double() && found->get_double() >= -9e15 && found->get_double() <= 9e15)
    return static_cast<std::int64_t>(found->get_double());
  return otherwise;
}

bool flag(const value& v, std::string_view path, bool otherwise) {
  const value* found = find(v, path);
  return found != nullptr && found->is_bool() ? found->get_bool() : otherwise;
}

const array& list(const value& v, std::string_view path) {
  static const array none;
  const value* found = find(v, path);
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

const object& members(const value& v, std::string_view path) {
  static const object none;
  const value* found = find(v, path);
  return found != nullptr && found->is_object() ? found->get_object() : none;
}

value& set(value& v, std::string_view path, value to) { return make(v, path) = std::move(to); }

object& make_object(value& v, std::string_view path) {
  value& at = make(v, path);
  return at.is_object() ? at.get_object() : at.emplace_object();
}

array& make_array(value& v, std::string_view path) {
  value& at = make(v, path);
  return at.is_array() ? at.get_array() : at.emplace_array();
}

bool remove(value& v, std::string_view path) {
  const auto dot = path.rfind('.');
  value* parent = dot == std::string_view::npos ? &v : find(v, path.substr(0, dot));
  if (parent == nullptr || !parent->is_object()) return false;
  return parent->get_object().erase(dot == std::string_view::npos ? path : path.substr(dot + 1)) > 0;
}

std::string to_string(const boost::json::string& s) { return std::string(s.data(), s.size()); }

}  // namespace spoke::json
