// YAML as Kubernetes' tools read and write it: YAML 1.2's JSON types, documents separated by `---`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"

namespace spoke::yaml {

// How plain scalars are read.
enum class Scalars {
  // As Kubernetes' tools do: numbers also hexadecimal (0x1F) and octal (0400, 0o400), true, false, null, ~.
  Kubernetes,
  // As YAML's JSON schema does, and Spark's reader: what is no JSON stays text (0400, 0x1F, True, ~).
  Json,
};

// Throws Error with line and column. A plain scalar becomes a number, a boolean (true, false) or null by its look; a
// quoted one stays a string. Empty documents are left out. Aliases are expanded up to 1 MiB in all.
std::vector<json::value> parse_all(std::string_view text, Scalars scalars = Scalars::Kubernetes);
json::value parse(std::string_view text, Scalars scalars = Scalars::Kubernetes);  // exactly one document

std::string dump(const json::value& v);  // block style; strings that would read as something else are quoted

}  // namespace spoke::yaml
