// What several kinds do alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/api/resource_type.h"
#include "data/json.h"

namespace spoke::cluster::kinds {

// Sets a member that is missing; an explicit null counts as missing.
template <class T>
void default_to(json::value& v, std::string_view path, const T& otherwise) {
  const json::value* at = json::find(v, path);
  if (at == nullptr || at->is_null()) json::set(v, path, json::value(otherwise));
}

// "a=b,c=d", or "<none>": how kubectl shows a selector or labels.
std::string selector_text(const json::object& map);

bool one_of(const std::vector<std::string>& values, std::string_view value);

// kubectl's AGE: "5d", or "<unknown>".
std::string age_of(const Object& o);

// A number that is not below zero, or a part of all, "25%", of at most `most` percent where that is said.
void validate_count_or_percent(const Object& o, const std::string& path, std::optional<std::int64_t> most,
                               Causes& causes);

// "must be between 1 and 65535, inclusive"
void check_port(const json::value& number, const std::string& field, Causes& causes);

// The quantities of a map in their canonical form: "1024Mi" -> "1Gi".
void canonical_quantities(Object& o, std::string_view path);

// For objects that may be sealed: with `immutable: true` neither it nor the given members may change (ConfigMap,
// Secret).
void check_immutable(const Object& before, const Object& after, const std::vector<std::string>& members,
                     Causes& causes);

// spec of a pod: defaults, checks, changes that are allowed. Source: pkg/apis/core/{v1/defaults.go,validation}.
void default_pod_spec(json::value& spec);  // as of a template
void default_pod(json::value& spec);       // and what only a pod itself has
void validate_pod_spec(const json::value& spec, const std::string& at, Causes& causes);
void validate_pod_update(const Object& before, const Object& after, Causes& causes);
std::string_view qos_class(const json::value& spec);  // Guaranteed, Burstable, BestEffort

}  // namespace spoke::cluster::kinds
