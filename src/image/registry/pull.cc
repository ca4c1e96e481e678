#include "image/registry/pull.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "base/sha256.h"
#include "data/json.h"
#include "image/manifest.h"

namespace spoke::image {
namespace {

std::string index_of(const ImageBlobs& image) {
  return json::dump(json::object{{"schemaVersion", 2},
                                 {"manifests", json::array{json::object{{"mediaType", image.manifest.media_type},
                                                                        {"digest", image.manifest.digest},
                                                                        {"size", image.manifest.size}}}}});
}

}  // namespace

std::int64_t pull_image(ImageStore& store, const Registries& registries, const std::string& name,
                        const std::function<void(std::int64_t, std::int64_t)>& progress) {
  const Reference reference = parse_reference(name);
  const Path folder = store.downloads() / sha256_hex(reference.str());
  const Path lock_file = folder.string() + ".lock";
  make_dirs(store.downloads(), 0700);
  const Fd lock(::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) fail_errno("lock " + lock_file.string());
  const TransferOptions how{.wanted = [&](const std::string& diff_id) { return !store.has_layer(diff_id); },
                            .progress = progress};
  const ImageBlobs image = registries.pull(reference, machine_architecture(), folder, how);
  write_file(folder / "index.json", index_of(image));
  store.take_pulled(folder, reference.str());
  std::error_code none;
  std::filesystem::remove_all(folder, none);
  std::int64_t size = image.manifest.size;
  for (const Blob& blob : image.blobs) size += blob.size;
  return size;
}

}  // namespace spoke::image
