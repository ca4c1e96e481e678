// Which image is in an archive, and how it is put together: from the JSON documents of an OCI layout
// (image-spec: image-layout.md, image-index.md, manifest.md, config.md) or of docker save. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"
#include "image/blob.h"
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

// A manifest, or an index of the manifests of several platforms.
struct Manifest {
  struct Platform {
    Blob blob;
    std::string architecture;  // as Go names it; "" where it is not said, "unknown" of what is no image
  };
  bool is_index = false;
  std::vector<Platform> platforms;  // of an index
  Blob config;
  std::vector<Blob> layers;  // bottom first
};

// Of a descriptor; "" where it has none of that name, or one that is no text.
std::string annotation(const json::value& descriptor, std::string_view name);

// `called` is what an error calls it. Throws ImageError.
Manifest read_manifest(const std::string& text, const std::string& called);

// The manifest of an index that is for the architecture. Throws ImageError that names those there are.
const Blob& choose_platform(const Manifest& index, std::string_view architecture);

// The digests of the layers' tars, from the text of a configuration. Throws ImageError.
std::vector<std::string> diff_ids_of(const std::string& config);

std::string machine_architecture();  // of this machine, as Go names it

}  // namespace spoke::image
