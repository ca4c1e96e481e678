#include "cluster/node/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace spoke::cluster {

void write_plain_file(const Path& path, std::string_view content, mode_t mode) {
  const Path beside = path.string() + ".new";
  {
    const Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!fd || ::fchmod(fd.get(), mode) != 0) fail_errno("create " + beside.string());
    while (!content.empty()) {
      const ssize_t n = ::write(fd.get(), content.data(), content.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail_errno("write " + beside.string());
      content.remove_prefix(static_cast<size_t>(n));
    }
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) fail_errno("rename " + beside.string());
}

}  // namespace spoke::cluster
