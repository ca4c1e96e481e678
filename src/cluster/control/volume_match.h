// Which PersistentVolume a claim gets. Source: pkg/volume/util.FindMatchingVolume,
// pkg/controller/volume/persistentvolume.
#pragma once

#include <string>
#include <vector>

#include "kube/meta.h"

namespace spoke::cluster {

using kube::Object;

bool is_bound_to(const Object& volume, const Object& claim);  // by namespace, name and, where it is written, uid

// Of the volumes that nobody has, or that are kept for this claim, the smallest that will do; null where none will.
const Object* match_volume(const Object& claim, const std::vector<Object>& volumes);

// A volume made for the claim: the folder `path`. `storage_class` may be null: it takes what a class leaves out.
Object volume_for(const Object& claim, const Object* storage_class, const std::string& path);

// Claim and volume as they are when they belong together.
void bind(Object& claim, Object& volume);

}  // namespace spoke::cluster
