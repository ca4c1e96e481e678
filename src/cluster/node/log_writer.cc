#include "cluster/node/log_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace spoke::cluster {
namespace {

constexpr size_t kLongestLine = 16 << 10;

}  // namespace

void LogStream::line(std::string_view text, char tag, Time now, std::string& out) const {
  fmt::format_to(std::back_inserter(out), "{} {} {} ", rfc3339_nano(now), name_, tag);
  out += text;
  out += '\n';
}

void LogStream::write(std::string_view bytes, Time now, std::string& out) {
  while (!bytes.empty()) {
    const auto newline = bytes.find('\n');
    const size_t take = std::min(std::min(newline, bytes.size()), kLongestLine - rest_.size());
    rest_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    const bool complete = bytes.starts_with('\n');
    if (complete) bytes.remove_prefix(1);
    if (!complete && rest_.size() < kLongestLine) return;
    line(rest_, complete ? 'F' : 'P', now, out);
    rest_.clear();
  }
}

void LogStream::end(Time now, std::string& out) {
  if (!rest_.empty()) line(rest_, 'P', now, out);
  rest_.clear();
}

LogFile::LogFile(Path path, Path rotated, size_t limit)
    : path_(std::move(path)), rotated_(std::move(rotated)), limit_(limit) {
  open();
}

void LogFile::open() {
  fd_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!fd_) fail_errno("open " + path_.string());
  size_ = static_cast<size_t>(::lseek(fd_.get(), 0, SEEK_END));
}

void LogFile::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd_.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    text.remove_prefix(static_cast<size_t>(n));
    size_ += static_cast<size_t>(n);
  }
  if (size_ < limit_ || ::rename(path_.c_str(), rotated_.c_str()) != 0) return;
  try {
    open();
  } catch (const Error&) {  // no descriptor or no space left: the old file takes more
  }
}

}  // namespace spoke::cluster
