// Loading one image from an archive, or from the folder of an OCI layout: its layers are unpacked beside where they
// will stand, and put there when all of it has been read and every digest fits.
#pragma once

#include <string>

#include "base/files.h"
#include "image/manifest.h"

namespace spoke::image {

// The folder of an unpacked layer.
Path layer_folder(const Path& store, const std::string& diff_id);

// Unpacks the layers that `store` does not have yet; returns the image's plan, whose layers all stand then. `as` as in
// ImageStore::load. Throws ImageError that names the archive.
ImagePlan load_archive(const Path& store, const Path& archive, const std::string& as);

}  // namespace spoke::image
