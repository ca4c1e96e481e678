// How Go writes values into text. The API server's messages are made with fmt and strconv, and clients compare them.
#pragma once

#include <string>
#include <string_view>

#include "data/json.h"

namespace spoke::kube {

// strconv.Quote, fmt's %q: "a\"b" with \n, \x00 and \u00a0 escaped, other letters of any language as they are.
std::string go_quoted(std::string_view text);

// fmt's %v of a decoded document: map[a:[1 2.5 <nil>] b:text], members in the order of their names.
std::string go_printed(const json::value& value);

// The value in a field.Error: text quoted, numbers and booleans plain, the rest as encoding/json writes it.
std::string go_shown(const json::value& value);

// reflect.Type of a decoded value: "map[string]interface {}", "[]interface {}", "string", "int64", "float64", "bool";
// "%!s(<nil>)" for null, which is what fmt makes of a type that is not there.
std::string_view go_type(const json::value& value);

// What encoding/json calls the value in "json: cannot unmarshal number into ...": object, array, string, number, bool.
std::string_view go_json_kind(const json::value& value);

}  // namespace spoke::kube
