// The scale subresource: an object's replicas, seen as an autoscaling/v1 Scale.
#pragma once

#include "cluster/api/resource_type.h"

namespace spoke::cluster {

Object scale_of(const ResourceType& type, const Object& object);

// `object` with the replicas that `scale` asks for. Throws StatusError Invalid where they are none.
Object with_scale(const ResourceType& type, Object object, const Object& scale);

// What keeps an object of a custom kind from having a scale.
Causes check_scale(const ResourceType& type, const Object& object);

}  // namespace spoke::cluster
