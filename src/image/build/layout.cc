#include "image/build/layout.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <map>
#include <set>

#include "base/error.h"
#include "base/sha256.h"
#include "base/time.h"
#include "data/json.h"
#include "image/build/tree.h"
#include "image/image_config.h"
#include "image/manifest.h"
#include "image/names.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

constexpr std::string_view kLayout = R"({"imageLayoutVersion":"1.0.0"})";

std::string when() { return rfc3339(Time(std::chrono::seconds(layer_time()))); }

json::object descriptor(const Blob& blob) {
  return {{"mediaType", blob.media_type}, {"digest", blob.digest}, {"size", blob.size}};
}

struct Named {
  std::string tag, whole;  // whole may be ""
};

std::vector<Named> names_of(const ImageBlobs& image, const std::string& tag) {
  if (!tag.empty()) return {{tag, ""}};
  std::vector<Named> out;
  for (const std::string& name : image.names) {
    const Reference reference = parse_reference(name);
    out.push_back({reference.tag.empty() ? "latest" : reference.tag, reference.str()});
  }
  return out;
}

bool has_name(const json::value& item, const Named& name) {
  const std::string whole = annotation(item, kWholeName);
  // Of two images with the same tag and other names each keeps its own.
  return annotation(item, kRefName) == name.tag && (name.whole.empty() || whole.empty() || whole == name.whole);
}

// `index` with the images in it.
std::string index_with(json::value index, const std::vector<ImageBlobs>& images, const std::string& tag) {
  json::array kept = json::list(index, "manifests");
  for (const ImageBlobs& image : images) {
    for (const Named& name : names_of(image, tag)) {
      json::array others;
      for (json::value& item : kept)
        if (!has_name(item, name)) others.push_back(std::move(item));
      kept = std::move(others);
      json::object item = descriptor(image.manifest);
      json::object annotations{{kRefName, name.tag}};
      if (!name.whole.empty()) annotations[kWholeName] = name.whole;
      item["annotations"] = std::move(annotations);
      kept.push_back(std::move(item));
    }
  }
  return json::dump(json::object{{"schemaVersion", 2}, {"mediaType", media::kIndex}, {"manifests", std::move(kept)}});
}

std::set<std::string> digests_of(const std::vector<ImageBlobs>& images) {
  std::set<std::string> out;
  for (const ImageBlobs& image : images) {
    out.insert(image.manifest.digest);
    for (const Blob& blob : image.blobs) out.insert(blob.digest);
  }
  return out;
}

// A reader of the layout never sees a part of a blob by its digest.
void copy_blob(const Path& from, const Path& to, const Staging& staging) {
  std::error_code failed;
  if (std::filesystem::exists(to) && std::filesystem::file_size(to) == std::filesystem::file_size(from)) return;
  const Path partial = staging.path() / to.filename();
  std::filesystem::copy_file(from, partial, failed);
  if (!failed) std::filesystem::rename(partial, to, failed);
  if (failed) fail("{} could not be written: {}", to.string(), failed.message());
}

// Of two images by one name the first would be lost.
void require_own_names(const std::vector<ImageBlobs>& images, const std::string& tag) {
  std::map<std::string, std::string> digests;
  for (const ImageBlobs& image : images)
    for (const Named& name : names_of(image, tag)) {
      const auto [first, fresh] = digests.try_emplace(name.whole + " " + name.tag, image.manifest.digest);
      if (!fresh && first->second != image.manifest.digest)
        fail("two different images would be {}; give each a name of its own with --set",
             name.whole.empty() ? name.tag : name.whole);
    }
}

json::value read_index(const Path& file) {
  try {
    return json::parse(read_file(file));
  } catch (const Error& e) {
    fail("{} is {}; it is no OCI layout, name another folder", file.string(), e.what());
  }
}

}  // namespace

std::string config_document(const ImageContents& contents) {
  json::array diff_ids, history;
  for (const LayerBlob& layer : contents.layers) {
    diff_ids.emplace_back(layer.diff_id);
    history.push_back(json::object{{"created", when()}, {"created_by", layer.created_by}});
  }
  json::value config = to_json(contents.config);
  if (!contents.labels.empty()) {
    json::object labels;
    for (const auto& [name, value] : contents.labels) labels[name] = value;
    config.as_object()["Labels"] = std::move(labels);
  }
  return json::dump(json::object{{"created", when()},
                                 {"architecture", contents.architecture},
                                 {"os", "linux"},
                                 {"config", std::move(config)},
                                 {"rootfs", json::object{{"type", "layers"}, {"diff_ids", std::move(diff_ids)}}},
                                 {"history", std::move(history)}});
}

std::string manifest_document(const Blob& config, const std::vector<LayerBlob>& layers) {
  json::array descriptors;
  for (const LayerBlob& layer : layers) descriptors.push_back(descriptor(layer.blob));
  return json::dump(json::object{{"schemaVersion", 2},
                                 {"mediaType", media::kManifest},
                                 {"config", descriptor(config)},
                                 {"layers", std::move(descriptors)}});
}

ImageBlobs finish_image(const ImageContents& contents, const BuildCache& cache) {
  ImageBlobs out;
  const Blob config = cache.add(std::string(media::kConfig), config_document(contents));
  out.manifest = cache.add(std::string(media::kManifest), manifest_document(config, contents.layers));
  out.blobs.push_back(config);
  for (const LayerBlob& layer : contents.layers) out.blobs.push_back(layer.blob);
  return out;
}

void write_layout(const Path& layout, const std::vector<ImageBlobs>& images, const std::string& tag,
                  const Path& blobs) {
  require_own_names(images, tag);
  const Path index = layout / "index.json";
  if (!std::filesystem::exists(index)) {
    if (std::filesystem::exists(layout) && !std::filesystem::is_empty(layout) &&
        !std::filesystem::exists(layout / "oci-layout"))
      fail("{} has something else than an OCI layout in it; name an empty folder", layout.string());
    make_dirs(layout);
    // Before what is large, so that a build that was broken off may go on here.
    write_file(layout / "oci-layout", kLayout);
  }
  make_dirs(layout / "blobs/sha256");
  const Staging staging(layout);
  for (const std::string& digest : digests_of(images))
    copy_blob(blobs / blob_path(digest), layout / blob_path(digest), staging);
  // Two builds may put their images here at once.
  const Fd lock(::open((layout / "oci-layout").c_str(), O_RDONLY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) fail_errno("lock " + layout.string());
  json::value before = std::filesystem::exists(index) ? read_index(index) : json::object();
  write_file(index, index_with(std::move(before), images, tag));
}

void write_oci_archive(const Path& file, const std::vector<ImageBlobs>& images, const std::string& tag,
                       const Path& blobs) {
  require_own_names(images, tag);
  Tree tree;
  tree.add_text("/oci-layout", std::string(kLayout));
  tree.add_text("/index.json", index_with(json::object(), images, tag));
  for (const std::string& digest : digests_of(images))
    tree.add(Path("/") / blob_path(digest), blobs / blob_path(digest));
  try {
    const Path whole = std::filesystem::absolute(file);
    const Staging staging(whole.parent_path());
    write_layer(tree, Packing::None, staging.path() / "archive");
    std::filesystem::rename(staging.path() / "archive", whole);
  } catch (const std::exception& e) {
    fail("{} could not be written: {}", file.string(), e.what());
  }
}

}  // namespace spoke::image
