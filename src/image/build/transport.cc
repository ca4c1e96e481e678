#include "image/build/transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/sha256.h"
#include "base/strings.h"
#include "data/json.h"
#include "image/archive_reader.h"
#include "image/build/digests.h"
#include "image/build/layout.h"
#include "image/build/oci_form.h"
#include "image/layer_writer.h"
#include "image/manifest.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

// `digests`: of files that stay where they are.
void check_blob(const Path& folder, const Blob& blob, FileDigests* digests) {
  const Path file = folder / blob_path(blob.digest);
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none)) fail("{} is missing; it is not whole", file.string());
  if ((digests == nullptr ? digest_of(file) : digests->of(file)) != blob.digest)
    fail("{} does not have the digest it goes by", file.string());
}

// The images of a layout's index, with the tag and the whole name that each goes by.
struct Entry {
  Blob blob;
  std::string tag, whole;
};

std::vector<Entry> read_entries(const Path& folder) {
  json::value index;
  try {
    index = json::parse(read_file(folder / "index.json"));
  } catch (const Error& e) {
    fail("{}: {}; it is no OCI layout", folder.string(), e.what());
  }
  std::vector<Entry> out;
  for (const json::value& item : json::list(index, "manifests")) {
    Entry entry{
        {std::string(json::str(item, "mediaType")), std::string(json::str(item, "digest")), json::num(item, "size")},
        annotation(item, kRefName),
        annotation(item, kWholeName)};
    if (!is_digest(entry.blob.digest)) fail("{}: \"{}\" is not a sha256 digest", folder.string(), entry.blob.digest);
    // skopeo and podman may write the whole name as the tag.
    if (entry.tag.find_first_of(":/") != std::string::npos && entry.whole.empty()) entry.whole = entry.tag;
    out.push_back(std::move(entry));
  }
  return out;
}

// The manifest with all that it leads to, of one platform or of all.
ImageBlobs collect(const Path& folder, Blob top, const std::string& architecture, FileDigests* digests) {
  ImageBlobs out;
  Manifest manifest = read_manifest(read_document(folder, top), "the manifest");
  for (int level = 0; manifest.is_index && !architecture.empty(); ++level) {
    if (level == 3) fail("its indexes lead to indexes without end");
    top = choose_platform(manifest, architecture);
    manifest = read_manifest(read_document(folder, top), "the manifest");
  }
  out.manifest = top;
  if (out.manifest.media_type.empty()) out.manifest.media_type = manifest.is_index ? media::kIndex : media::kManifest;
  const auto add = [&](const Manifest& one) {
    out.blobs.push_back(one.config);
    out.blobs.insert(out.blobs.end(), one.layers.begin(), one.layers.end());
  };
  if (!manifest.is_index) add(manifest);
  for (const Manifest::Platform& one : manifest.platforms) {
    add(read_manifest(read_document(folder, one.blob), "the manifest"));
    out.blobs.push_back(one.blob);
  }
  for (const Blob& blob : out.blobs) check_blob(folder, blob, digests);
  return out;
}

// Unpacked beside the blobs that are kept: where there is room for these.
std::shared_ptr<Staging> unpack(const Path& archive, const Path& beside) {
  make_dirs(beside);
  auto staging = std::make_shared<Staging>(beside);
  ArchiveReader reader(ArchiveReader::Format::Tar, archive);
  LayerWriter writer(staging->path());
  while (archive_entry* entry = reader.next()) writer.add(entry, reader);
  writer.finish();
  return staging;
}

}  // namespace

std::string read_document(const Path& blobs, const Blob& blob) {
  const Path file = blobs / blob_path(blob.digest);
  std::error_code none;
  if (std::filesystem::file_size(file, none) > kMostDocument && !none)
    fail("{} is longer than any manifest", file.string());
  std::string text = read_file(file);
  if (sha256_digest(text) != blob.digest) fail("{} does not have the digest it goes by", file.string());
  return text;
}

Place parse_place(std::string_view text) {
  constexpr std::string_view docker = "docker://";
  if (text == "store:") return {};
  if (text.starts_with(docker)) {
    const std::string name(text.substr(docker.size()));
    if (!name.empty()) parse_reference(name);
    return {.kind = Place::Kind::Registry, .path = {}, .tag = "", .name = name};
  }
  const auto colon = text.find(':');
  const std::string_view transport = text.substr(0, colon);
  if (colon == std::string_view::npos || (transport != "oci" && transport != "oci-archive")) {
    parse_reference(text);
    return {.kind = Place::Kind::Registry, .path = {}, .tag = "", .name = std::string(text)};
  }
  const std::string_view rest = text.substr(colon + 1);
  const auto tag = rest.find(':');
  if (rest.empty() || tag == 0) fail("\"{}\" names no {}", text, transport == "oci" ? "folder" : "file");
  return {.kind = transport == "oci" ? Place::Kind::Layout : Place::Kind::Archive,
          .path = rest.substr(0, tag),
          .tag = tag == std::string_view::npos ? "" : std::string(rest.substr(tag + 1)),
          .name = ""};
}

ImageSet Transport::read(const Place& from, const std::string& architecture) const {
  switch (from.kind) {
    case Place::Kind::Layout: {
      FileDigests digests(cache_.dir() / "digests-of-layouts");
      ImageSet out = read_layout(from.path, from.tag, architecture, &digests);
      digests.save();
      return out;
    }
    case Place::Kind::Archive: {
      try {
        const std::shared_ptr<Staging> unpacked = unpack(from.path, cache_.dir());
        ImageSet out = read_layout(unpacked->path(), from.tag, architecture, nullptr);
        out.holds = unpacked;
        return out;
      } catch (const Error& e) {
        fail("{}: {}", from.path.string(), e.what());
      }
    }
    case Place::Kind::Registry: break;
    case Place::Kind::Store:
      fail("store: has images unpacked, and cannot be copied from; name the layout, archive or registry it came from");
  }
  if (from.name.empty()) fail("docker:// names no image");
  return {cache_.dir(),
          {registries_.pull(parse_reference(from.name), architecture, cache_.dir(), {.progress = progress_})},
          nullptr,
          parse_reference(from.name).repository};
}

ImageSet Transport::read_layout(const Path& folder, const std::string& tag, const std::string& architecture,
                                FileDigests* digests) const {
  ImageSet out{folder, {}, nullptr, ""};
  std::set<std::string> there;
  std::map<std::string, size_t> images;  // by the digests of their entries
  for (const Entry& entry : read_entries(folder)) {
    there.insert(entry.whole.empty() ? entry.tag : entry.whole);
    if (!tag.empty() && entry.tag != tag && entry.whole != tag) continue;
    // One manifest may stand there once for each of its names.
    const auto [place, fresh] = images.try_emplace(entry.blob.digest, out.images.size());
    if (fresh) out.images.push_back(collect(folder, entry.blob, architecture, digests));
    if (!entry.whole.empty()) out.images[place->second].names.push_back(parse_reference(entry.whole).str());
  }
  if (out.images.empty())
    fail("{} has no image{}; it has {}", folder.string(), tag.empty() ? "" : " " + tag,
         there.empty() ? "none at all" : join({there.begin(), there.end()}, ", "));
  return out;
}

// What came from a registry may be of Docker's form. A layout that has such manifests is read by few.
std::vector<ImageBlobs> Transport::for_layouts(const ImageSet& set) const {
  std::vector<ImageBlobs> out;
  for (const ImageBlobs& image : set.images)
    out.push_back(set.blobs == cache_.dir() ? in_oci_form(image, set.blobs) : image);
  return out;
}

void Transport::write(const Place& to, const ImageSet& set, ImageStore& store) const {
  switch (to.kind) {
    case Place::Kind::Layout: return write_layout(to.path, for_layouts(set), to.tag, set.blobs);
    case Place::Kind::Archive: return write_oci_archive(to.path, for_layouts(set), to.tag, set.blobs);
    case Place::Kind::Registry: return push(to, set);
    case Place::Kind::Store: break;
  }
  for (const ImageBlobs& image : set.images) {
    if (image.names.empty()) fail("the image {} has no name; give it one with --tag", image.manifest.digest);
    for (const std::string& name : image.names) {
      const Staging staging(cache_.dir());
      ImageBlobs one = image;
      one.names = {name};
      write_layout(staging.path() / "layout", {one}, "", set.blobs);
      store.load(staging.path() / "layout", name);
    }
  }
}

void Transport::push(const Place& to, const ImageSet& set) const {
  if (!to.name.empty() && set.images.size() > 1)
    fail("{} images cannot all be {}; name one with its tag, or push them by their own names with docker://",
         set.images.size(), to.name);
  for (const ImageBlobs& image : set.images) {
    const std::vector<std::string> names = to.name.empty() ? image.names : std::vector{to.name};
    if (names.empty()) fail("the image {} has no name to be pushed by; say docker://NAME", image.manifest.digest);
    for (const std::string& name : names)
      registries_.push(image, set.blobs, parse_reference(name), {.progress = progress_}, set.repository);
  }
}

}  // namespace spoke::image
