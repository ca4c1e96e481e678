// Images where they are, named as skopeo names transports: read into blobs, and written from them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "image/build/cache.h"
#include "image/image_store.h"
#include "image/names.h"
#include "image/registry/registries.h"

namespace spoke::image {

// "oci:FOLDER[:TAG]", "oci-archive:FILE[:TAG]", "docker://NAME", "store:".
struct Place {
  enum class Kind { Layout, Archive, Registry, Store };
  Kind kind = Kind::Store;
  Path path;
  std::string tag;   // of layouts and archives; "" for whatever is there
  std::string name;  // of a registry's image; "" (as in "docker://") for the images' own names
};

// A name without a transport is a registry's. Throws Error.
Place parse_place(std::string_view text);

// Images whose blobs are in a folder, which may go with this value.
struct ImageSet {
  Path blobs;
  std::vector<ImageBlobs> images;
  std::shared_ptr<void> holds;
  std::string repository;  // that they came from; "" where that is no registry's
};

class FileDigests;

class Transport {
 public:
  Transport(const BuildCache& cache, const Registries& registries,
            std::function<void(std::int64_t done, std::int64_t total)> progress)
      : cache_(cache), registries_(registries), progress_(std::move(progress)) {}

  // Of an image for several platforms the one for `architecture`, or all for "". Every blob has the digest it goes by.
  // Throws Error.
  ImageSet read(const Place& from, const std::string& architecture) const;

  // Under the place's tag or name, or under the images' own. `store` is what "store:" stands for. Throws Error.
  void write(const Place& to, const ImageSet& set, ImageStore& store) const;

 private:
  // `digests` of files that stay where they are, or nullptr.
  ImageSet read_layout(const Path& folder, const std::string& tag, const std::string& architecture,
                       FileDigests* digests) const;
  std::vector<ImageBlobs> for_layouts(const ImageSet& set) const;
  void push(const Place& to, const ImageSet& set) const;

  const BuildCache& cache_;
  const Registries& registries_;
  std::function<void(std::int64_t, std::int64_t)> progress_;
};

// A manifest's or a configuration's text, checked against its digest. Throws Error.
std::string read_document(const Path& blobs, const Blob& blob);

}  // namespace spoke::image
