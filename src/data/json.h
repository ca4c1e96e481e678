// JSON documents: Boost.JSON's values, with the few ways of reaching into them that Kubernetes objects call for.
//
// A `path` is member names separated by dots, "spec.template.metadata"; a name that holds a dot itself (labels,
// annotations) is reached with operator[] or find_member on the object above it. Readers never throw on a missing or
// mistyped member: they answer with the given default.
#pragma once

#include <boost/json.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace spoke::json {

using boost::json::array;
using boost::json::object;
using boost::json::value;

class ParseError : public Error {
 public:
  using Error::Error;
};

// Throws ParseError; at most 64 levels deep. What it makes, and copies of that, are in `storage`: one that frees all
// at once is faster for a value that is gone soon.
value parse(std::string_view text, boost::json::storage_ptr storage = {});
// Memory for the value of a text of that many bytes, which goes as a whole with the last part of the value that is
// kept: it leaves no holes between what is to stay. What stays is copied out of it: `value(std::move(v), {})`.
boost::json::storage_ptr one_piece(size_t text);
std::string dump(const value& v);         // compact
std::string dump_pretty(const value& v);  // two blanks a level, as kubectl -o json indents by four: a file for people
value sorted(const value& v);             // with the members of objects in the order of their names, as Go writes maps

const value* find(const value& v, std::string_view path);  // null where any part of the path is missing
value* find(value& v, std::string_view path);
const value* find_member(const value& v, std::string_view name);  // one member, whose name may hold dots

std::string_view str(const value& v, std::string_view path, std::string_view otherwise = "");
std::int64_t num(const value& v, std::string_view path, std::int64_t otherwise = 0);
bool flag(const value& v, std::string_view path, bool otherwise = false);
const array& list(const value& v, std::string_view path);      // an empty one where it is missing
const object& members(const value& v, std::string_view path);  // an empty one where it is missing

// Makes the objects on the way. Throws Error where something on the way is not an object.
value& set(value& v, std::string_view path, value to);
// A text or a null as it is meant: plain overloads would let nullptr become a char pointer.
template <class T>
  requires std::convertible_to<T, std::string_view> && (!std::same_as<T, value>)
value& set(value& v, std::string_view path, const T& to) {
  return set(v, path, value(std::string_view(to)));
}
template <std::same_as<std::nullptr_t> Null>  // a template, for a plain overload would take the literal 0 as well
value& set(value& v, std::string_view path, Null) {
  return set(v, path, value(nullptr));
}
object& make_object(value& v, std::string_view path);
array& make_array(value& v, std::string_view path);
bool remove(value& v, std::string_view path);  // whether it was there

std::string to_string(const boost::json::string& s);

}  // namespace spoke::json
