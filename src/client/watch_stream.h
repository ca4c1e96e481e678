// The body of a watch: one JSON document a line, cut anywhere by the wire.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "client/api.h"

namespace spoke::client {

// Puts lines together again.
class Lines {
 public:
  // `limit` bytes a line: what is longer is no Kubernetes object, and throws Error.
  explicit Lines(size_t limit = 64U << 20) : limit_(limit) {}

  void add(std::string_view bytes);
  std::optional<std::string> next();  // without its line end; empty lines are left out
  // What came after the last line end. Nothing is left over then.
  std::string rest();

 private:
  std::string buffer_;
  size_t start_ = 0;    // of the next line
  size_t scanned_ = 0;  // up to here there is no line end after start_
  size_t limit_;
};

// One line. Throws StatusError for an ERROR event (410 always with the reason Expired), Error for what is no event.
WatchEvent parse_event(std::string_view line);

}  // namespace spoke::client
