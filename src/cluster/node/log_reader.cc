#include "cluster/node/log_reader.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "kube/status.h"
#include "net/async.h"

namespace spoke::cluster {
namespace {

namespace asio = boost::asio;

constexpr size_t kPiece = 64 << 10;

struct Place {
  Fd fd;
  off_t offset = 0;
};

Fd open_log(const Path& path) { return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)); }

off_t size_of(const Fd& fd) {
  struct stat about{};
  return ::fstat(fd.get(), &about) == 0 ? about.st_size : 0;
}

bool same_file(const Fd& fd, const Path& path) {
  struct stat open{};
  struct stat named{};
  return ::fstat(fd.get(), &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
         open.st_dev == named.st_dev;
}

// Where the last `lines` lines of a file begin; takes from `lines` what it has found.
off_t tail_offset(const Fd& fd, long& lines) {
  char buffer[kPiece];
  off_t end = size_of(fd);
  bool last = true;  // the newline at the very end ends the last line, it begins none
  while (end > 0) {
    const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(sizeof buffer));
    const ssize_t n = ::pread(fd.get(), buffer, static_cast<size_t>(end - begin), begin);
    if (n <= 0) return 0;
    for (ssize_t i = n - 1; i >= 0; --i) {
      if (buffer[i] != '\n' || std::exchange(last, false)) continue;
      if (--lines == 0) return begin + i + 1;
    }
    end = begin;
  }
  if (!last) --lines;  // the first line has no newline before it
  return 0;
}

// The files to read from and where: the rotated one, then the present one.
std::vector<Place> places(const ContainerFiles& files, std::optional<long> tail) {
  std::vector<Place> out;
  Place present{open_log(files.log())};
  Place rotated{open_log(files.rotated_log())};
  if (present.fd && rotated.fd && same_file(present.fd, files.rotated_log())) rotated.fd = Fd();  // rotated just now
  if (tail) {
    long lines = *tail;
    const auto begin = [&](const Place& place) { return lines > 0 ? tail_offset(place.fd, lines) : size_of(place.fd); };
    if (present.fd) present.offset = begin(present);
    if (rotated.fd) rotated.offset = begin(rotated);
  }
  if (rotated.fd) out.push_back(std::move(rotated));
  if (present.fd) out.push_back(std::move(present));
  return out;
}

// Turns lines of the file into what the reader asked for.
class Filter {
 public:
  Filter(const LogOptions& options, std::optional<Time> since)
      : timestamps_(options.timestamps), since_(since), left_(options.limit_bytes) {}

  // The text of the complete lines in `bytes` and what was left over before.
  std::string take(std::string_view bytes) {
    std::string out;
    for (auto newline = bytes.find('\n'); newline != std::string_view::npos; newline = bytes.find('\n')) {
      rest_ += bytes.substr(0, newline);
      bytes.remove_prefix(newline + 1);
      line(rest_, out);
      rest_.clear();
    }
    rest_ += bytes;
    if (!left_) return out;
    if (static_cast<long>(out.size()) > *left_) out.resize(static_cast<size_t>(*left_));
    *left_ -= static_cast<long>(out.size());
    return out;
  }
  bool full() const { return left_ && *left_ <= 0; }

 private:
  void line(std::string_view text, std::string& out) {
    const auto parsed = parse_log_line(text);
    if (!parsed) return;
    if (since_) {
      const auto time = parse_rfc3339(parsed->time);
      if (!time || *time < *since_) return;
      since_.reset();  // lines are in the order of time
    }
    if (timestamps_ && !continued_) (out += parsed->time) += ' ';
    out += parsed->text;
    if (!parsed->partial) out += '\n';
    continued_ = parsed->partial;
  }

  bool timestamps_;
  std::optional<Time> since_;
  std::optional<long> left_;
  std::string rest_;
  bool continued_ = false;
};

std::optional<Time> since(const LogOptions& options) {
  if (options.since_seconds) return now() - std::chrono::seconds(*options.since_seconds);
  if (options.since_time.empty()) return std::nullopt;
  const auto time = parse_rfc3339(options.since_time);
  if (!time) throw kube::bad_request(fmt::format("sinceTime \"{}\" is not a time as in RFC 3339", options.since_time));
  return time;
}

// Wakes when something in the container's folder changes.
class Changes {
 public:
  Changes(const net::Executor& executor, const Path& dir)
      : events_(executor, ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (::inotify_add_watch(events_.native_handle(), dir.c_str(),
                            IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF) < 0)
      fail_errno("watch " + dir.string());
  }
  net::Task<> wait() {
    co_await events_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    char buffer[4096];
    while (::read(events_.native_handle(), buffer, sizeof buffer) > 0) {
    }
  }

 private:
  asio::posix::stream_descriptor events_;
};

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
  LogLine out;
  const auto word = [&]() -> std::string_view {
    const auto blank = line.find(' ');
    const auto text = line.substr(0, blank);
    line.remove_prefix(blank == std::string_view::npos ? line.size() : blank + 1);
    return text;
  };
  out.time = word();
  out.stream = word();
  const auto tag = word();
  if (out.time.empty() || (out.stream != "stdout" && out.stream != "stderr") || (tag != "F" && tag != "P"))
    return std::nullopt;
  out.partial = tag == "P";
  out.text = line;
  return out;
}

net::Task<> read_log(ContainerFiles files, LogOptions options, LogSink sink) {
  Filter filter(options, since(options));
  const auto executor = co_await net::this_executor();
  std::optional<Changes> changes;
  if (options.follow) changes.emplace(executor, files.dir);
  auto all = places(files, options.tail_lines);
  std::string buffer(kPiece, '\0');
  for (size_t i = 0; i < all.size() || options.follow;) {
    // Whether it has ended is asked before what it has written: the other way round the last words could be missed.
    const bool ended = options.follow && (read_exit(files) || !std::filesystem::exists(files.dir));
    ssize_t n = 0;
    if (i < all.size()) {
      n = ::pread(all[i].fd.get(), buffer.data(), buffer.size(), all[i].offset);
      if (n > 0) {
        all[i].offset += n;
        const std::string text = filter.take({buffer.data(), static_cast<size_t>(n)});
        if (!text.empty()) co_await sink(text);
        if (filter.full()) co_return;
        continue;
      }
    }
    if (i + 1 < all.size()) {
      ++i;
    } else if (Fd next = open_log(files.log()); next && !(i < all.size() && same_file(all[i].fd, files.log()))) {
      // Rotated meanwhile, or only now begun. What was written up to then comes first, a file in between included.
      if (i < all.size()) {
        if (size_of(all[i].fd) > all[i].offset) continue;
        Fd between = open_log(files.rotated_log());
        if (between && !same_file(all[i].fd, files.rotated_log())) all.push_back({std::move(between)});
        ++i;
      }
      all.push_back({std::move(next)});
    } else if (!options.follow || ended) {
      co_return;
    } else {
      co_await changes->wait();
    }
  }
}

std::string log_tail(const ContainerFiles& files, size_t lines, size_t bytes) {
  LogOptions options;
  options.tail_lines = static_cast<long>(lines);
  Filter filter(options, std::nullopt);
  std::string out;
  std::string buffer(kPiece, '\0');
  for (auto& place : places(files, options.tail_lines)) {
    for (ssize_t n; (n = ::pread(place.fd.get(), buffer.data(), buffer.size(), place.offset)) > 0; place.offset += n)
      out += filter.take({buffer.data(), static_cast<size_t>(n)});
  }
  if (out.size() > bytes) out.erase(0, out.size() - bytes);
  return out;
}

}  // namespace spoke::cluster
