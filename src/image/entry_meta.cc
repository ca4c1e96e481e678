#include "image/entry_meta.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>
#include <system_error>

namespace spoke::image {
namespace {

timespec time_of(archive_entry* entry) {
  return {archive_entry_mtime_is_set(entry) != 0 ? archive_entry_mtime(entry) : 0, archive_entry_mtime_nsec(entry)};
}

uid_t id_of(la_int64_t id) {
  if (id < 0 || id >= 0xffffffffLL) fail("its owner {} is not a user or group", id);
  return static_cast<uid_t>(id);
}

// Capabilities and what users set. Others are the kernel's business, or overlayfs's own, which could redirect.
bool keeps_attribute(std::string_view name, bool keeps_owners) {
  if (name == "security.capability") return keeps_owners;
  return name.starts_with("user.") && !name.starts_with("user.overlay.");
}

}  // namespace

void fail_system(const std::string& doing) {
  const int error = errno;
  const std::string text = doing + ": " + std::generic_category().message(error);
  if (error == ENOSPC || error == EDQUOT) throw DiskFull(text);
  throw Error(text);
}

EntryMeta::EntryMeta(archive_entry* entry)
    : type(archive_entry_filetype(entry)),
      mode(archive_entry_perm(entry) & 07777),
      uid(id_of(archive_entry_uid(entry))),
      gid(id_of(archive_entry_gid(entry))),
      device(archive_entry_rdev(entry)),
      size(archive_entry_size(entry)),
      mtime(time_of(entry)) {
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t length = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &length) == ARCHIVE_OK)
    attributes.emplace_back(name, std::string(static_cast<const char*>(value), length));
}

void EntryMeta::apply(int fd, bool keeps_owners) const {
  // chown clears set-user-id bits and capabilities: the owner goes first.
  if (keeps_owners && ::fchown(fd, uid, gid) != 0) fail_system(fmt::format("give it to {}:{}", uid, gid));
  for (const auto& [name, value] : attributes) {
    if (!keeps_attribute(name, keeps_owners)) continue;
    if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0 && errno != ENOTSUP && errno != EPERM)
      fail_system("set its attribute " + name);
  }
  if (::fchmod(fd, mode) != 0) fail_system("chmod");
  const timespec times[2] = {mtime, mtime};
  if (::futimens(fd, times) != 0) fail_system("set its time");
}

}  // namespace spoke::image
