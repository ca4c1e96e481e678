// Reads a container's log, as `kubectl logs` wants it.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "cluster/node/container_files.h"
#include "cluster/node/node.h"

namespace spoke::cluster {

struct LogLine {
  std::string_view time;  // RFC 3339
  std::string_view stream;
  bool partial = false;   // the line goes on
  std::string_view text;  // without its end
};

// One line of the file, without its end; nothing where it is none (a write cut short by a full disk).
std::optional<LogLine> parse_log_line(std::string_view line);

using LogSink = std::function<net::Task<>(std::string_view)>;

// `options.follow` goes on until the container has ended. Throws StatusError BadRequest for a malformed sinceTime.
net::Task<> read_log(ContainerFiles files, LogOptions options, LogSink sink);

// The last of a log, for a termination message: at most `lines` lines and `bytes` bytes.
std::string log_tail(const ContainerFiles& files, size_t lines, size_t bytes);

}  // namespace spoke::cluster
