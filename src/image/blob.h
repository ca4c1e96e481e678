// Descriptors of what is in a registry or a layout, and where such blobs lie in a folder (image-spec: descriptor.md,
// image-layout.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace spoke::image {

namespace media {
inline constexpr std::string_view kManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kLayer = "application/vnd.oci.image.layer.v1.tar";  // "+gzip", "+zstd"
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
}  // namespace media

// The names that a layout's index has images by.
inline constexpr const char* kRefName = "org.opencontainers.image.ref.name";
inline constexpr const char* kWholeName = "io.containerd.image.name";

struct Blob {
  std::string media_type;
  std::string digest;  // "sha256:..."
  std::int64_t size = 0;
  bool operator==(const Blob&) const = default;
};

// An image in pieces, each of which is a blob of one folder.
struct ImageBlobs {
  Blob manifest;                   // or an index of several platforms' manifests
  std::vector<Blob> blobs;         // all that it leads to
  std::vector<Blob> manifests;     // those of an index, which are among the blobs
  std::vector<std::string> names;  // in full, tags included
};

std::string blob_path(const std::string& digest);  // of a blob in such a folder: "blobs/sha256/..."
bool is_manifest(std::string_view type);           // or an index
std::string digest_of(const Path& file);           // "sha256:..."; reads it. Throws Error
bool holds(const Path& file, const Blob& blob);    // whether it is that blob whole; reads it

// Of manifests and configurations: registries refuse more.
inline constexpr std::size_t kMostDocument = std::size_t{4} << 20;

}  // namespace spoke::image
