// Files and folders, with errors that name the path.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace spoke {

using Path = std::filesystem::path;

std::string read_file(const Path& path);                     // throws Error
std::optional<std::string> try_read_file(const Path& path);  // nothing where there is none or it cannot be read

// Replaces the file in one step (a new file beside it, fsync, rename, fsync of the folder): a reader sees the old or
// the new content whole, after power loss too. Throws Error; nothing is left over then.
void write_file(const Path& path, std::string_view content, mode_t mode = 0644);

void make_dirs(const Path& path, mode_t mode = 0755);  // mode is that of the folders it makes

// A file descriptor that is closed at the end.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

}  // namespace spoke
