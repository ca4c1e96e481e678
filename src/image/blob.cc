#include "image/blob.h"

#include <fstream>

#include "base/error.h"
#include "base/sha256.h"

namespace spoke::image {

std::string blob_path(const std::string& digest) {
  return "blobs/sha256/" + digest.substr(std::string("sha256:").size());
}

bool is_manifest(std::string_view type) {
  return type == media::kManifest || type == media::kIndex || type == media::kDockerManifest ||
         type == media::kDockerIndex;
}

std::string digest_of(const Path& file) {
  std::ifstream in(file, std::ios::binary);
  Sha256 sum;
  std::string buffer(size_t{1} << 20, '\0');
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    sum.add({buffer.data(), static_cast<size_t>(in.gcount())});
  if (in.bad() || !in.eof()) fail_errno("read " + file.string());
  return sum.digest();
}

bool holds(const Path& file, const Blob& blob) {
  std::error_code none;
  const auto size = std::filesystem::file_size(file, none);
  return !none && static_cast<std::int64_t>(size) == blob.size && digest_of(file) == blob.digest;
}

}  // namespace spoke::image
