#include "image/registry/pull.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/sha256.h"
#include "data/json.h"
#include "image/manifest.h"

namespace spoke::image {
namespace {

constexpr std::chrono::milliseconds kTurn{100};
constexpr std::chrono::hours kKept{24};

std::string index_of(const ImageBlobs& image) {
  return json::dump(json::object{{"schemaVersion", 2},
                                 {"manifests", json::array{json::object{{"mediaType", image.manifest.media_type},
                                                                        {"digest", image.manifest.digest},
                                                                        {"size", image.manifest.size}}}}});
}

Fd try_lock(const Path& folder) {
  const Path file = folder.string() + ".lock";
  Fd lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) fail_errno("open " + file.string());
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK && errno != EINTR) fail_errno("lock " + file.string());
  return {};
}

Fd wait_for_lock(const Path& folder, const std::function<bool()>& stop) {
  for (;;) {
    if (Fd lock = try_lock(folder)) return lock;
    if (stop && stop()) fail("it was stopped");
    std::this_thread::sleep_for(kTurn);
  }
}

// What nobody has gone on with.
void remove_stale(const Path& downloads) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(downloads, none)) {
    if (!entry.is_directory(none)) continue;
    const auto changed = std::filesystem::last_write_time(entry.path() / "blobs/sha256", none);
    if (none || std::filesystem::file_time_type::clock::now() - changed < kKept) continue;
    if (const Fd lock = try_lock(entry.path())) std::filesystem::remove_all(entry.path(), none);
  }
}

}  // namespace

std::int64_t pull_image(ImageStore& store, const Registries& registries, const std::string& name,
                        const std::function<void(std::int64_t, std::int64_t)>& progress,
                        const std::function<bool()>& stop) {
  const Reference reference = parse_reference(name);
  const Path folder = store.downloads() / sha256_hex(reference.str());
  make_dirs(store.downloads(), 0700);
  remove_stale(store.downloads());
  const Fd lock = wait_for_lock(folder, stop);
  const TransferOptions how{.wanted = [&](const std::string& diff_id) { return !store.has_layer(diff_id); },
                            .progress = progress,
                            .stop = stop};
  const ImageBlobs image = registries.pull(reference, machine_architecture(), folder, how);
  std::error_code none;
  try {
    write_file(folder / "index.json", index_of(image));
    store.take_pulled(folder, reference.str());
  } catch (const Error&) {
    std::filesystem::remove_all(folder, none);  // what cannot be unpacked is of no more use
    throw;
  }
  std::filesystem::remove_all(folder, none);
  std::int64_t size = image.manifest.size;
  for (const Blob& blob : image.blobs) size += blob.size;
  return size;
}

}  // namespace spoke::image
