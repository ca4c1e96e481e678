#include "image/layer_writer.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "base/error.h"
#include "base/strings.h"
#include "image/archive_reader.h"

namespace spoke::image {
namespace {

constexpr std::string_view whiteout_prefix = ".wh.";
constexpr std::string_view opaque_name = ".wh..wh..opq";
constexpr std::string_view aufs_prefix = ".wh..wh.";  // AUFS's own bookkeeping

// Opens `path` below `root`; no link on the way or at its end is followed.
Fd open_below(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

bool is_whiteout(const struct stat& s) { return S_ISCHR(s.st_mode) && s.st_rdev == makedev(0, 0); }

void mark_opaque(int folder) {
  if (::fsetxattr(folder, "trusted.overlay.opaque", "y", 1, 0) == 0) return;
  // Without CAP_SYS_ADMIN in the first user namespace: the form that overlayfs reads when mounted with userxattr.
  if (errno != EPERM || ::fsetxattr(folder, "user.overlay.opaque", "y", 1, 0) != 0) fail_system("set overlay.opaque");
}

void write_at(int fd, std::string_view bytes, off_t offset) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_system("write");
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += n;
  }
}

}  // namespace

std::vector<std::string> layer_path(std::string_view path) {
  if (path.empty()) fail("its path is empty");
  if (path.front() == '/') fail("its path is absolute");
  if (path.size() >= PATH_MAX) fail("its path is longer than {} bytes", PATH_MAX);
  std::vector<std::string> names;
  for (std::string& name : split(path, '/')) {
    if (name.empty() || name == ".") continue;
    if (name == "..") fail("its path leads out of the layer with ..");
    if (name.size() > NAME_MAX) fail("a name in its path is longer than {} bytes", NAME_MAX);
    names.push_back(std::move(name));
  }
  return names;
}

LayerWriter::LayerWriter(const Path& folder)
    : root_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), keeps_owners_(::geteuid() == 0) {
  if (!root_) fail_system("open " + folder.string());
  if (::fchmod(root_.get(), 0755) != 0) fail_system("chmod " + folder.string());
}

void LayerWriter::add(archive_entry* entry, ArchiveReader& content) {
  const std::string path = entry_path(entry);
  try {
    std::vector<std::string> names = layer_path(path);
    const EntryMeta meta(entry);
    if (names.empty()) {  // "./", the root itself
      if (S_ISDIR(meta.type)) folders_.insert_or_assign("", meta);
      return;
    }
    const int parent = parent_of(names);
    const std::string& name = names.back();
    const std::string hardlink = entry_hardlink(entry);
    if (name.starts_with(whiteout_prefix)) {
      whiteout(parent, name);
    } else if (!hardlink.empty()) {
      make_hard_link(parent, name, hardlink);
    } else if (S_ISDIR(meta.type)) {
      make_folder(parent, names, meta);
    } else if (S_ISREG(meta.type)) {
      make_file(parent, name, meta, content);
    } else if (S_ISLNK(meta.type)) {
      make_symlink(parent, name, meta, entry_symlink(entry));
    } else {
      make_special(parent, name, meta);
    }
  } catch (const DiskFull&) {
    throw;
  } catch (const Error& e) {
    fail("{}: {}", path, e.what());
  }
}

// The folder that the last of `names` stands in. Folders that the layer does not list are made on the way.
int LayerWriter::parent_of(const std::vector<std::string>& names) {
  const std::string path = join({names.begin(), names.end() - 1}, "/");
  if (last_parent_fd_ && path == last_parent_) return last_parent_fd_.get();
  Fd fd = open_below(root_.get(), path, O_RDONLY | O_DIRECTORY);
  if (!fd && errno == ELOOP) fail("its path leads through a symbolic link");
  if (!fd) fd = make_parents(names);
  last_parent_ = path;
  last_parent_fd_ = std::move(fd);
  return last_parent_fd_.get();
}

Fd LayerWriter::make_parents(const std::vector<std::string>& names) {
  Fd at = open_below(root_.get(), "", O_RDONLY | O_DIRECTORY);
  for (size_t i = 0; at && i + 1 < names.size(); ++i) {
    Fd below = open_below(at.get(), names[i], O_RDONLY | O_DIRECTORY);
    if (!below && errno == ELOOP) fail("its path leads through a symbolic link");
    if (!below) {
      struct stat s{};
      const bool there = ::fstatat(at.get(), names[i].c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0;
      if (there && !is_whiteout(s)) fail("its path leads through {}, which is not a folder", names[i]);
      if (there) ::unlinkat(at.get(), names[i].c_str(), 0);
      if (::mkdirat(at.get(), names[i].c_str(), 0755) != 0) fail_system("mkdir " + names[i]);
      below = open_below(at.get(), names[i], O_RDONLY | O_DIRECTORY);
      if (there && below) mark_opaque(below.get());
    }
    at = std::move(below);
  }
  if (!at) fail_system("open its folder");
  return at;
}

void LayerWriter::whiteout(int parent, const std::string& name) {
  if (name == opaque_name) return mark_opaque(parent);
  if (name.starts_with(aufs_prefix)) return;
  const std::string hidden = name.substr(whiteout_prefix.size());
  if (hidden.empty() || hidden == "." || hidden == "..") fail("it hides nothing that can have a name");
  struct stat s{};
  if (::fstatat(parent, hidden.c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0) {
    // The layer has it itself: what is hidden is only what lies below.
    if (S_ISDIR(s.st_mode)) mark_opaque(open_below(parent, hidden, O_RDONLY | O_DIRECTORY).get());
    return;
  }
  if (::mknodat(parent, hidden.c_str(), S_IFCHR, makedev(0, 0)) != 0) fail_system("hide " + hidden);
}

// Makes way for a new entry, which replaces an earlier one of its name. Whether that was a whiteout.
bool LayerWriter::clear_place(int parent, const std::string& name, bool for_folder) {
  struct stat s{};
  if (::fstatat(parent, name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (S_ISDIR(s.st_mode)) {
    if (for_folder) return false;
    fail("it is there already, as a folder");
  }
  if (::unlinkat(parent, name.c_str(), 0) != 0) fail_system("replace it");
  return is_whiteout(s);
}

void LayerWriter::make_folder(int parent, const std::vector<std::string>& names, EntryMeta meta) {
  const std::string& name = names.back();
  const bool hid = clear_place(parent, name, true);
  if (::mkdirat(parent, name.c_str(), 0755) != 0 && errno != EEXIST) fail_system("mkdir");
  if (hid) mark_opaque(open_below(parent, name, O_RDONLY | O_DIRECTORY).get());
  if (!keeps_owners_) meta.mode |= S_IRWXU;  // or who unpacked it could not remove it again
  folders_.insert_or_assign(join(names, "/"), std::move(meta));
}

void LayerWriter::make_file(int parent, const std::string& name, const EntryMeta& meta, ArchiveReader& content) {
  clear_place(parent, name, false);
  const Fd fd(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) fail_system("create");
  off_t end = 0;
  while (const auto piece = content.read()) {
    write_at(fd.get(), piece->bytes, piece->offset);
    end = piece->offset + static_cast<off_t>(piece->bytes.size());
  }
  if (end < meta.size && ::ftruncate(fd.get(), meta.size) != 0) fail_system("write");
  meta.apply(fd.get(), keeps_owners_);
}

void LayerWriter::make_hard_link(int parent, const std::string& name, const std::string& target) {
  try {
    const std::vector<std::string> names = layer_path(target);
    if (names.empty()) fail("is the layer itself");
    const Fd folder = open_below(root_.get(), join({names.begin(), names.end() - 1}, "/"), O_RDONLY | O_DIRECTORY);
    if (!folder) fail_system("its folder");
    struct stat s{};
    if (::fstatat(folder.get(), names.back().c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) fail_system("look");
    if (S_ISDIR(s.st_mode) || is_whiteout(s)) fail("is not a file");
    struct stat here{};
    if (::fstatat(parent, name.c_str(), &here, AT_SYMLINK_NOFOLLOW) == 0 && here.st_ino == s.st_ino) return;
    clear_place(parent, name, false);
    if (::linkat(folder.get(), names.back().c_str(), parent, name.c_str(), 0) != 0) fail_system("link");
  } catch (const Error& e) {
    fail("a hard link to {}, which is refused: {}", target, e.what());
  }
}

void LayerWriter::make_symlink(int parent, const std::string& name, const EntryMeta& meta, const std::string& target) {
  clear_place(parent, name, false);
  if (::symlinkat(target.c_str(), parent, name.c_str()) != 0) fail_system("symlink");
  if (keeps_owners_ && ::fchownat(parent, name.c_str(), meta.uid, meta.gid, AT_SYMLINK_NOFOLLOW) != 0)
    fail_system(fmt::format("give it to {}:{}", meta.uid, meta.gid));
  const timespec times[2] = {meta.mtime, meta.mtime};
  ::utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

void LayerWriter::make_special(int parent, const std::string& name, const EntryMeta& meta) {
  const bool device = S_ISCHR(meta.type) || S_ISBLK(meta.type);
  if (!S_ISFIFO(meta.type) && !(device && keeps_owners_)) return;  // sockets mean nothing without their listener
  clear_place(parent, name, false);
  if (::mknodat(parent, name.c_str(), meta.type | 0600, meta.device) != 0) {
    if (errno == EPERM && device) return;  // root of a user namespace
    fail_system("make the special file");
  }
  if (keeps_owners_ && ::fchownat(parent, name.c_str(), meta.uid, meta.gid, AT_SYMLINK_NOFOLLOW) != 0)
    fail_system(fmt::format("give it to {}:{}", meta.uid, meta.gid));
  // It was made just now and is not a link.
  if (::fchmodat(parent, name.c_str(), meta.mode, 0) != 0) fail_system("chmod");
}

void LayerWriter::finish() {
  last_parent_fd_.reset();
  // From the last to the first: what is in a folder comes before it, whose mode may forbid the way.
  for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
    const auto& [path, meta] = *folder;
    const Fd fd = open_below(root_.get(), path, O_RDONLY | O_DIRECTORY);
    if (!fd) fail_system("open " + path);
    meta.apply(fd.get(), keeps_owners_);
  }
  folders_.clear();
}

}  // namespace spoke::image
