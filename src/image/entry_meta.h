// What a tar says about a file besides its name and content, and giving it to the file.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

struct archive_entry;

namespace spoke::image {

// The disk, or what the user may have of it, is full.
class DiskFull : public Error {
 public:
  using Error::Error;
};

// As fail_errno, but a full disk is DiskFull.
[[noreturn]] void fail_system(const std::string& doing);

struct EntryMeta {
  explicit EntryMeta(archive_entry* entry);  // throws Error where an owner is out of range

  // Owner and capabilities only where `keeps_owners`: they are root's to give.
  void apply(int fd, bool keeps_owners) const;

  mode_t type, mode;  // S_IFREG...; permissions with set-user-id and the like
  uid_t uid;
  gid_t gid;
  dev_t device;
  off_t size;
  timespec mtime;
  std::vector<std::pair<std::string, std::string>> attributes;
};

}  // namespace spoke::image
