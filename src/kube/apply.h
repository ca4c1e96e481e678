// Server-side apply: who manages which field (metadata.managedFields), and what an apply changes.
// Source: sigs.k8s.io/structured-merge-diff, KEP-555.
#pragma once

#include <string>
#include <string_view>

#include "data/json.h"
#include "kube/schema.h"

namespace spoke::kube {

struct Manager {
  std::string name;         // fieldManager=, or the first word of the User-Agent up to '/'
  std::string api_version;  // of the request
  std::string subresource;  // "" or "status", "scale"
  std::string time;         // RFC 3339
  // Whether the kind has a status subresource: then `status` belongs to nobody but through it.
  bool has_status = true;
};

// `live` is null where the object is not there yet. Answers the new object, managedFields up to date. Fields that this
// manager applied before and applies no longer go, unless someone else owns them too. Throws StatusError: Conflict
// (409, causes FieldManagerConflict, "Apply failed with 1 conflict: conflict with \"a\": .data.k") unless `force`;
// BadRequest where the patch is of another kind or brings managedFields; 500 where it does not fit the schema.
json::value apply(const Schema& schema, const json::value& live, json::value applied, const Manager& manager,
                  bool force);

// After a create, update or patch: the fields that differ between `before` (null: nothing) and `after` now belong to
// `manager` by operation Update; fields that went leave their owners' sets. Changes after.metadata.managedFields only.
// status is recorded only where manager.subresource is "status"; metadata.{name, namespace, uid, resourceVersion,
// generation, creationTimestamp, selfLink, managedFields, ...} never are. A request that brings `managedFields: []` or
// `[{}]` forgets all owners, as the API server lets it.
void track_update(const Schema& schema, const json::value& before, json::value& after, const Manager& manager);

// To be called with what is about to be stored: where nothing but times in managedFields changed, puts the old ones
// back, so that a request that changes nothing is not a write.
void keep_times_if_unchanged(const json::value& before, json::value& after);

}  // namespace spoke::kube
