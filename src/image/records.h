// What was loaded, by name: one small JSON file for each name below STORE/names. Blocks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "image/image_store.h"
#include "image/manifest.h"
#include "image/names.h"

namespace spoke::image {

// Writes a record for each of the plan's names. A name that another image had is this one's thereafter.
void record_image(const Path& store, const ImagePlan& plan, bool pulled);

// The image of that name, or with that digest under any tag of the repository. Nothing where there is none, or where
// one of its layers is gone. Throws ImageError where its record cannot be read.
std::optional<Image> find_recorded(const Path& store, const Reference& reference);

std::vector<std::string> recorded_names(const Path& store);  // sorted

}  // namespace spoke::image
