#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/random.h"

namespace spoke {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

namespace {

// Reads all of it; false with errno set on failure.
bool slurp(const Path& path, std::string& out) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return false;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n == 0) return true;
    if (n > 0) out.append(buffer, static_cast<size_t>(n));
    if (n < 0 && errno != EINTR) return false;
  }
}

void write_all(int fd, std::string_view bytes, const Path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_errno("write " + path.string());
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

std::string read_file(const Path& path) {
  std::string out;
  if (!slurp(path, out)) fail_errno("read " + path.string());
  return out;
}

std::optional<std::string> try_read_file(const Path& path) {
  std::string out;
  if (!slurp(path, out)) return std::nullopt;
  return out;
}

void write_file(const Path& path, std::string_view content, mode_t mode) {
  const Path beside = path.string() + ".new-" + random_suffix(6);
  try {
    const Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!fd) fail_errno("create " + beside.string());
    if (::fchmod(fd.get(), mode) != 0) fail_errno("chmod " + beside.string());
    write_all(fd.get(), content, beside);
    if (::fsync(fd.get()) != 0) fail_errno("fsync " + beside.string());
    if (::rename(beside.c_str(), path.c_str()) != 0) fail_errno("rename " + beside.string() + " to " + path.string());
  } catch (...) {
    ::unlink(beside.c_str());
    throw;
  }
  const Path parent = path.parent_path().empty() ? Path(".") : path.parent_path();
  const Fd dir(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir) ::fsync(dir.get());
}

void make_dirs(const Path& path, mode_t mode) {
  if (path.empty() || std::filesystem::is_directory(path)) return;
  make_dirs(path.parent_path(), mode);
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) fail_errno("mkdir " + path.string());
}

}  // namespace spoke
