// What the commands below `spoke image` share: where images are, by the words of the command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "image/build/base.h"
#include "image/build/cache.h"
#include "image/build/transport.h"
#include "image/image_store.h"

namespace spoke::cli {

// Throws UsageError. `option` is what it was given for.
image::Place place_in(std::string_view text, std::string_view option);

image::BuildCache cache_in(const std::string& folder);  // "": the user's own
image::ImageStore store_in(const std::string& folder);  // of the cluster's data; "": the usual place

// One image with what is in its layers, with a line of progress on a terminal. Throws Error that names it, UsageError.
image::BaseImage read_image_at(const std::string& name, const image::BuildCache& cache,
                               const image::Registries& registries);

struct Sending {
  image::Registries registries;
  std::string data;  // of store:, the cluster's; "": the usual place
  bool quiet = false;
};
// Writes images whose blobs are in the cache, and prints their digests and names.
void send_images(const std::vector<image::ImageBlobs>& images, const image::Place& to, const image::BuildCache& cache,
                 const Sending& how);

}  // namespace spoke::cli
