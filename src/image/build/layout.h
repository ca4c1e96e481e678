// Images as documents and files of an OCI layout (image-spec: image-layout.md, manifest.md, config.md).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "image/build/cache.h"
#include "image/build/layer_file.h"
#include "image/image_store.h"

namespace spoke::image {

struct ImageContents {
  std::string architecture;  // as Go names it
  ImageConfig config;
  std::map<std::string, std::string> labels;
  std::vector<LayerBlob> layers;  // bottom first
};

// The configuration and the manifest, as bytes that are the same for the same contents. Pure.
std::string config_document(const ImageContents& contents);
std::string manifest_document(const Blob& config, const std::vector<LayerBlob>& layers);

// Puts the documents beside the layers, which are in the cache.
ImageBlobs finish_image(const ImageContents& contents, const BuildCache& cache);

// Puts images, whose blobs are those of the folder `blobs`, into the folder `layout`, which may have others already:
// those of the same tag lose it. Each is known there by `tag`, or by the tags of its names where that is "".
void write_layout(const Path& layout, const std::vector<ImageBlobs>& images, const std::string& tag, const Path& blobs);

// The same as one tar, which replaces `file` in one step.
void write_oci_archive(const Path& file, const std::vector<ImageBlobs>& images, const std::string& tag,
                       const Path& blobs);

}  // namespace spoke::image
