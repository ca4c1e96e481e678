// Which image is in an archive, and how it is put together: from the JSON documents of an OCI layout
// (image-spec: image-layout.md, image-index.md, manifest.md, config.md) or of docker save. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "image/image_store.h"

namespace spoke::image {

// The archive's files that may be JSON, by path: "index.json", "blobs/sha256/...", "manifest.json", ....
using Documents = std::map<std::string, std::string>;

struct LayerPlan {
  std::string file;     // its path in the archive
  std::string digest;   // "sha256:..." of that file; "" in docker save's format, which does not tell
  std::string diff_id;  // "sha256:..." of the tar inside
};

struct ImagePlan {
  std::vector<std::string> names;  // in full, tags included
  std::string manifest_digest;     // "" in docker save's format
  std::string config_digest;       // of its configuration, the image's id
  ImageConfig config;
  std::vector<LayerPlan> layers;  // bottom first
};

// `as` as in ImageStore::load; `architecture` as Go names it ("amd64"). Every document used is checked against the
// digest it goes by. Throws ImageError without the archive's name.
ImagePlan plan_image(const Documents& documents, const std::string& as, std::string_view architecture);

std::string blob_path(const std::string& digest);  // of a blob in a layout: "blobs/sha256/..."

std::string machine_architecture();  // of this machine, as Go names it

}  // namespace spoke::image
