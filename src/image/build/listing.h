// What is in the layers of an image, by name.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "image/build/cache.h"
#include "image/build/packages.h"
#include "image/build/tree.h"

namespace spoke::image {

struct LayerListing {
  LowerPaths paths;                                      // folders and links
  std::vector<std::string> files;                        // anything else; paths without the first slash
  std::vector<std::string> gone;                         // whiteouts: what is not there any more
  std::vector<std::string> opaque;                       // folders of which nothing below is seen
  std::map<std::string, std::vector<Package>> packages;  // by the files that tell of them
  std::string distribution;                              // "debian", of os-release; "" where it is not in this layer
};

// Reads all of it. Throws Error.
LayerListing list_layer(const Path& layer);

// The same of a blob in the cache, read once: half a second for each hundred megabytes.
LayerListing list_layer(const BuildCache& cache, const std::string& digest);

// Layers upon each other, bottom first (image-spec: layer.md, "Whiteouts").
class ImageListing {
 public:
  void add(const LayerListing& layer);

  LowerPaths paths;
  std::set<std::string> files;
  std::map<std::string, std::vector<Package>> packages;  // by the files that tell of them
  std::string distribution;                              // "" where nothing says so

 private:
  void remove_below(const std::string& path);
};

}  // namespace spoke::image
