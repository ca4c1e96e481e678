// What Go's JSON reader says of a text, which clients see in refusals: where it is no JSON, and which members it names
// twice. Source: encoding/json's scanner, sigs.k8s.io/json's strict decoding.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spoke::cluster {

// "unexpected end of JSON input", "invalid character 'o' in literal null (expecting 'u')". Nothing where it is JSON.
std::optional<std::string> json_problem(std::string_view text);

// The paths of members that their object has had before, in the order in which they come: "data.k", "spec.a[0].b".
// Each once. `text` is JSON.
std::vector<std::string> duplicate_members(std::string_view text);

}  // namespace spoke::cluster
