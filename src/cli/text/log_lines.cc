#include "cli/text/log_lines.h"

namespace spoke::cli {

std::string LogLines::add(std::string_view bytes) {
  std::string out;
  partial_ += bytes;
  size_t begin = 0;
  for (size_t end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n', begin)) {
    take(out, std::string_view(partial_).substr(begin, end - begin), true);
    begin = end + 1;
  }
  partial_.erase(0, begin);
  return out;
}

std::string LogLines::finish() {
  std::string out;
  if (!partial_.empty()) take(out, partial_, false);
  partial_.clear();
  return out;
}

void LogLines::resume() {
  partial_.clear();
  resumed_ = last_.has_value();
  repeated_ = 0;
}

std::string LogLines::since() const { return last_ ? rfc3339(*last_) : ""; }

void LogLines::take(std::string& out, std::string_view line, bool whole) {
  const auto blank = line.find(' ');
  const auto time = parse_rfc3339(line.substr(0, blank));
  if (time) {
    if (resumed_ && *time < *last_) return;
    if (resumed_ && *time == *last_ && repeated_ < shown_at_last_) {
      ++repeated_;
      return;
    }
    // A container's clock may be set back; what it wrote is shown nevertheless.
    if (!last_ || *time > *last_) {
      last_ = time;
      shown_at_last_ = 0;
      repeated_ = 0;
      resumed_ = false;
    }
    if (*time == *last_) {
      ++shown_at_last_;
      ++repeated_;
    }
    line = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
  }
  out += line;
  if (whole) out += '\n';
}

std::string prefix_lines(std::string_view text, std::string_view prefix) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out += prefix;
    out += text.substr(0, end);
    out += '\n';
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return out;
}

}  // namespace spoke::cli
