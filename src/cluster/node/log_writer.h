// A container's log as the container runtime interface defines it: "2026-03-01T12:00:00.000000000Z stdout F text" a
// line. Tag P marks a piece of a line that goes on.
#pragma once

#include <string>
#include <string_view>

#include "base/files.h"
#include "base/time.h"

namespace spoke::cluster {

// One of a container's two streams, cut into lines.
class LogStream {
 public:
  explicit LogStream(std::string_view name) : name_(name) {}

  // Appends the log lines that `bytes` complete; what is left over waits. Lines longer than 16 KiB are cut.
  void write(std::string_view bytes, Time now, std::string& out);
  void end(Time now, std::string& out);  // the last line lacked its end

 private:
  void line(std::string_view text, char tag, Time now, std::string& out) const;
  std::string name_;
  std::string rest_;
};

// The file; past `limit` bytes it becomes `rotated` and a new one begins. Throws Error where it cannot be opened; what
// cannot be written (a full disk) is dropped, so that the container does not stand still for its log.
class LogFile {
 public:
  LogFile(Path path, Path rotated, size_t limit);
  void write(std::string_view text);

 private:
  void open();
  Path path_, rotated_;
  size_t limit_;
  size_t size_ = 0;
  Fd fd_;
};

}  // namespace spoke::cluster
