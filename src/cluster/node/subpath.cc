#include "cluster/node/subpath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/strings.h"

namespace spoke::cluster {
namespace {

Fd open_inside(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

// Makes the folders of `sub` that are missing, each inside of one that was opened within the volume.
void make_missing(int root, const std::string& sub, mode_t mode) {
  std::string sofar;
  for (const auto& part : split(sub, '/')) {
    if (part.empty() || part == ".") continue;
    const Fd parent = open_inside(root, sofar.empty() ? "." : sofar, O_RDONLY | O_DIRECTORY);
    if (!parent) fail_errno("open " + sofar);
    if (::mkdirat(parent.get(), part.c_str(), mode) == 0) {
      const Fd made(::openat(parent.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (made) ::fchmod(made.get(), mode);  // past the umask
    } else if (errno != EEXIST) {
      fail_errno("mkdir " + part);
    }
    sofar += (sofar.empty() ? "" : "/") + part;
  }
}

}  // namespace

Path hold_subpath(const Path& volume, const std::string& sub, const Path& at) {
  const auto parts = split(sub, '/');
  if (sub.starts_with('/')) fail("{} is not relative", sub);
  if (std::ranges::find(parts, "..") != parts.end()) fail("{} contains '..'", sub);
  const Fd root(::open(volume.c_str(), O_PATH | O_CLOEXEC));
  if (!root) fail_errno("open " + volume.string());
  Fd part = open_inside(root.get(), sub, O_PATH);
  if (!part && errno == ENOENT) {
    struct stat about{};
    ::fstat(root.get(), &about);
    make_missing(root.get(), sub, about.st_mode & 07777);
    part = open_inside(root.get(), sub, O_PATH);
  }
  if (!part && errno == EXDEV) fail("{} leads out of the volume", sub);
  if (!part) fail_errno("open " + sub);

  struct stat about{};
  if (::fstat(part.get(), &about) != 0) fail_errno("stat " + sub);
  make_dirs(S_ISDIR(about.st_mode) ? at : at.parent_path());
  if (!S_ISDIR(about.st_mode)) {
    const Fd file(::open(at.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!file) fail_errno("create " + at.string());
  }
  const std::string source = fmt::format("/proc/self/fd/{}", part.get());
  if (::mount(source.c_str(), at.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) fail_errno("mount " + sub);
  // What is unmounted here later must not go from the machine, of which this is a copy (sharedsubtree.txt).
  if (::mount(nullptr, at.c_str(), nullptr, MS_PRIVATE | MS_REC, nullptr) != 0) fail_errno("mount " + sub);
  return at;
}

}  // namespace spoke::cluster
