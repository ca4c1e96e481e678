#include "image/build/cache.h"

#include <cstdlib>

#include "base/error.h"
#include "base/sha256.h"
#include "data/json.h"
#include "image/manifest.h"
#include "image/names.h"

namespace spoke::image {
namespace {

Path record_of(const Path& dir, const std::string& key) { return dir / "layers" / (key + ".json"); }

}  // namespace

Path BuildCache::standard() {
  if (const char* set = std::getenv("XDG_CACHE_HOME"); set != nullptr && *set == '/') return Path(set) / "spoke/images";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') fail("neither XDG_CACHE_HOME nor HOME is set; say where to build with --cache");
  return Path(home) / ".cache/spoke/images";
}

Path BuildCache::blob(const std::string& digest) const {
  if (!is_digest(digest)) fail("\"{}\" is not a sha256 digest", digest);
  return dir_ / blob_path(digest);
}

std::optional<LayerBlob> BuildCache::find(const std::string& key) const {
  const auto text = try_read_file(record_of(dir_, key));
  if (!text) return std::nullopt;
  try {
    const json::value v = json::parse(*text);
    LayerBlob out{
        .blob = {std::string(json::str(v, "mediaType")), std::string(json::str(v, "digest")), json::num(v, "size")},
        .diff_id = std::string(json::str(v, "diffId"))};
    std::error_code none;
    const auto size = std::filesystem::file_size(blob(out.blob.digest), none);
    if (none || static_cast<std::int64_t>(size) != out.blob.size || !is_digest(out.diff_id)) return std::nullopt;
    return out;
  } catch (const Error&) {
    return std::nullopt;  // as if it had never been made
  }
}

void BuildCache::add(const std::string& key, const LayerBlob& layer, const Path& file) const {
  const Path place = blob(layer.blob.digest), record = record_of(dir_, key);
  make_dirs(place.parent_path());
  make_dirs(record.parent_path());
  if (::rename(file.c_str(), place.c_str()) != 0) fail_errno("rename " + file.string() + " to " + place.string());
  write_file(record, json::dump(json::object{{"mediaType", layer.blob.media_type},
                                             {"digest", layer.blob.digest},
                                             {"size", layer.blob.size},
                                             {"diffId", layer.diff_id}}));
}

Blob BuildCache::add(const std::string& media_type, const std::string& bytes) const {
  Blob out{media_type, sha256_digest(bytes), static_cast<std::int64_t>(bytes.size())};
  const Path place = blob(out.digest);
  make_dirs(place.parent_path());
  write_file(place, bytes);
  return out;
}

}  // namespace spoke::image
