// Pulling into the machine's own images.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "image/image_store.h"
#include "image/registry/registries.h"

namespace spoke::image {

// Pulls the image for this machine, without the layers that the store has. What an earlier time got of it before it was
// ended is not fetched again within a day. Answers its size in the registry, in bytes. Blocks, until `stop` says so;
// waits for another that is at the same image. Throws ImageError.
std::int64_t pull_image(ImageStore& store, const Registries& registries, const std::string& name,
                        const std::function<void(std::int64_t done, std::int64_t total)>& progress,
                        const std::function<bool()>& stop = nullptr);

}  // namespace spoke::image
