// What was built before: blobs by their digests, and which layer was made for which key.
#pragma once

#include <optional>
#include <string>

#include "base/files.h"
#include "image/build/layer_file.h"

namespace spoke::image {

class BuildCache {
 public:
  explicit BuildCache(Path dir) : dir_(std::move(dir)) {}

  static Path standard();  // $XDG_CACHE_HOME/spoke/images, else ~/.cache/spoke/images

  const Path& dir() const { return dir_; }
  Path blob(const std::string& digest) const;  // where it is, if it is there
  // The layer of that key, whose blob is there too.
  std::optional<LayerBlob> find(const std::string& key) const;
  // Moves `file`, of the same file system, to its place, and remembers it. Whoever is killed in between leaves a blob
  // without a key.
  void add(const std::string& key, const LayerBlob& layer, const Path& file) const;
  // Bytes that are a blob by themselves: configurations, manifests.
  Blob add(const std::string& media_type, const std::string& bytes) const;

 private:
  Path dir_;
};

}  // namespace spoke::image
