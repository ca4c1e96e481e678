#include "image/build/oci_form.h"

#include <algorithm>
#include <map>

#include "base/sha256.h"
#include "data/json.h"
#include "image/build/transport.h"

namespace spoke::image {
namespace {

constexpr const char* kType = "mediaType";

// Changes the type of one descriptor.
void change_type(json::value& descriptor) {
  if (descriptor.is_object() && descriptor.get_object().contains(kType))
    descriptor.get_object()[kType] = oci_type(std::string(json::str(descriptor, kType)));
}

class Converted {
 public:
  Converted(ImageBlobs& image, const Path& blobs) : image_(image), blobs_(blobs) {}

  Blob document(const Blob& from) {
    json::value v = json::parse(read_document(blobs_, from));
    if (!v.is_object()) return from;
    json::object& o = v.get_object();
    change_type(v);
    if (json::value* config = o.if_contains("config")) change_type(*config);
    if (json::value* layers = o.if_contains("layers"); layers != nullptr && layers->is_array())
      for (json::value& layer : layers->get_array()) change_type(layer);
    if (json::value* manifests = o.if_contains("manifests"); manifests != nullptr && manifests->is_array())
      for (json::value& item : manifests->get_array()) {
        if (!item.is_object()) continue;
        const Blob below = document({std::string(json::str(item, kType)), std::string(json::str(item, "digest")), 0});
        item.get_object()[kType] = below.media_type;
        item.get_object()["digest"] = below.digest;
        item.get_object()["size"] = below.size;
      }
    const std::string text = json::dump(v);
    const Blob out{oci_type(from.media_type), sha256_digest(text), static_cast<std::int64_t>(text.size())};
    write_file(blobs_ / blob_path(out.digest), text);
    for (Blob& blob : image_.blobs)
      if (blob.digest == from.digest) blob = out;
    return out;
  }

 private:
  ImageBlobs& image_;
  const Path& blobs_;
};

}  // namespace

std::string oci_type(const std::string& type) {
  static const std::map<std::string, std::string, std::less<>> words{
      {std::string(media::kDockerManifest), std::string(media::kManifest)},
      {std::string(media::kDockerIndex), std::string(media::kIndex)},
      {"application/vnd.docker.container.image.v1+json", std::string(media::kConfig)},
      {"application/vnd.docker.image.rootfs.diff.tar", std::string(media::kLayer)},
      {"application/vnd.docker.image.rootfs.diff.tar.gzip", std::string(media::kLayer) + "+gzip"},
      {"application/vnd.docker.image.rootfs.diff.tar.zstd", std::string(media::kLayer) + "+zstd"}};
  const auto found = words.find(type);
  return found == words.end() ? type : found->second;
}

ImageBlobs in_oci_form(ImageBlobs image, const Path& blobs) {
  const auto is_dockers = [](const Blob& blob) { return oci_type(blob.media_type) != blob.media_type; };
  if (!is_dockers(image.manifest) && std::ranges::none_of(image.blobs, is_dockers)) return image;
  image.manifest = Converted(image, blobs).document(image.manifest);
  return image;
}

}  // namespace spoke::image
