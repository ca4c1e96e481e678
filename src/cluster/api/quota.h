// ResourceQuota: what a namespace's objects use of it, and whether one more may join.
// Source: the ResourceQuota admission plug-in, pkg/quota/v1/evaluator/core.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/api/resource_type.h"
#include "kube/quantity.h"

namespace spoke::cluster {

// Of each resource that a quota may name ("pods", "requests.cpu", "count/leases.coordination.k8s.io"), how much.
using Usage = std::map<std::string, kube::Quantity, std::less<>>;

// What one object uses.
Usage usage_of(const ResourceType& type, const Object& object);

// Whether the quota counts it: scopes leave out kinds of pods, and all that are none.
bool in_scope(const Object& quota, const ResourceType& type, const Object& object);

// Why `object` may not join, in the words of the plug-in ("exceeded quota: q, requested: ..."), or "". `used` is what
// the quota's resources are used of.
std::string quota_refusal(const Object& quota, const Usage& used, const ResourceType& type, const Object& object);

// "1500m", "2", "1Gi" where `like` ends in an i.
std::string quantity_text(const kube::Quantity& quantity, std::string_view like);

}  // namespace spoke::cluster
