// What every Kubernetes object has: kind, name, labels, owners. An object is its JSON document; these are ways to read
// it.
#pragma once

#include <string>
#include <string_view>

#include "data/json.h"

namespace spoke::kube {

using Object = json::value;

inline std::string_view kind(const Object& o) { return json::str(o, "kind"); }
inline std::string_view name(const Object& o) { return json::str(o, "metadata.name"); }
inline std::string_view ns(const Object& o) { return json::str(o, "metadata.namespace"); }
inline std::string_view uid(const Object& o) { return json::str(o, "metadata.uid"); }
inline std::string_view resource_version(const Object& o) { return json::str(o, "metadata.resourceVersion"); }
inline bool deleting(const Object& o) { return json::find(o, "metadata.deletionTimestamp") != nullptr; }
std::string key(const Object& o);  // "namespace/name", or "name" for what has no namespace

std::string_view label(const Object& o, std::string_view name);       // "" where it is not there
std::string_view annotation(const Object& o, std::string_view name);  // "" where it is not there

// The owner whose `controller` is true, or null.
const json::value* controller_of(const Object& o);
bool owned_by(const Object& o, std::string_view owner_uid);
// {apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true} (metav1.NewControllerRef).
json::value controller_ref(const Object& owner);

// The condition of that type under status.conditions, or null.
const json::value* condition(const Object& o, std::string_view type);
bool condition_is_true(const Object& o, std::string_view type);
// Puts or replaces a condition; lastTransitionTime changes only with the status. `now` is RFC 3339.
void set_condition(Object& o, std::string_view type, std::string_view status, std::string_view reason,
                   std::string_view message, std::string_view now);

// "apps" and "v1" of "apps/v1"; "" and "v1" of "v1".
std::pair<std::string, std::string> group_version(std::string_view api_version);

}  // namespace spoke::kube
