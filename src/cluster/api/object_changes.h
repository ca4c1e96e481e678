// What an update may change of an object's metadata, and how two states of an object compare.
#pragma once

#include "cluster/api/resource_type.h"

namespace spoke::cluster {

// Puts back what is the server's own. Adds causes where a client would change what never changes.
// Source: rest.BeforeUpdate, ValidateObjectMetaUpdate.
void settle_metadata(const Object& before, Object& after, Causes& causes);

// What a status update makes of `before`: the status of `after`, and of its metadata what the kind lets it take.
Object with_status_of(const ResourceType& type, const Object& before, const Object& after);

// What a finalize update makes of `before`: the spec.finalizers of `after` (Namespace).
Object with_finalizers_of(const Object& before, const Object& after);

// Undoes what an update of the whole object would do to its status, where status has a way of its own.
void keep_status(const Object& before, Object& after);

// Whether metadata.generation counts the step from one to the other.
bool counts_as_generation(const ResourceType& type, const Object& before, const Object& after);

// Whether two states are the same but for the revision that each was written with.
bool same_state(Object a, Object b);

bool has_finalizers(const Object& object);
void drop_finalizer(Object& object, std::string_view name);

}  // namespace spoke::cluster
