// For projections: caches keep of an object only what is needed.
#pragma once

#include <initializer_list>
#include <string_view>

#include "data/json.h"

namespace spoke::op {

// The members of these names, as far as they are there, of the object at `path`.
inline json::object some_of(const json::value& v, std::string_view path,
                            std::initializer_list<std::string_view> names) {
  json::object out;
  const json::object& all = json::members(v, path);
  for (const auto name : names)
    if (const json::value* member = all.if_contains(name)) out[name] = *member;
  return out;
}

}  // namespace spoke::op
