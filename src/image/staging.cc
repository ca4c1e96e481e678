#include "image/staging.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/random.h"

namespace spoke::image {
namespace {

// Nobody else calls a folder so: some stand beside what users named.
constexpr std::string_view prefix = "spoke-staging-";

Fd lock_folder(const Path& folder) {
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
  return fd;
}

// A process that lives holds the lock of its folder.
void remove_abandoned(const Path& store) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(store, ignored)) {
    if (!entry.path().filename().string().starts_with(prefix)) continue;
    if (const Fd mine = lock_folder(entry.path())) std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace

Staging::Staging(const Path& store) {
  make_dirs(store, 0700);
  // Making the folder and locking it are two steps: this lock keeps another's remove_abandoned out from between.
  const Fd entrance(::open(store.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!entrance || ::flock(entrance.get(), LOCK_EX) != 0) fail_errno("lock " + store.string());
  remove_abandoned(store);
  path_ = store / (std::string(prefix) + random_suffix(10));
  if (::mkdir(path_.c_str(), 0700) != 0) fail_errno("mkdir " + path_.string());
  lock_ = lock_folder(path_);
  if (!lock_) fail_errno("lock " + path_.string());
}

Staging::~Staging() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Staging::sync() const {
  if (::syncfs(lock_.get()) != 0) fail_errno("sync " + path_.string());
}

void Staging::publish(const std::string& name, const Path& place) const {
  const Path from = path_ / name;
  make_dirs(place.parent_path(), 0700);
  if (::rename(from.c_str(), place.c_str()) != 0 && errno != EEXIST && errno != ENOTEMPTY)
    fail_errno("rename " + from.string() + " to " + place.string());
}

}  // namespace spoke::image
