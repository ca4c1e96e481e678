#include "client/watch_stream.h"

#include <utility>

namespace spoke::client {

void Lines::add(std::string_view bytes) {
  if (start_ > 0) {
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
  }
  buffer_ += bytes;
}

std::optional<std::string> Lines::next() {
  for (;;) {
    const auto end = buffer_.find('\n', scanned_);
    if (end == std::string::npos) {
      scanned_ = buffer_.size();
      if (scanned_ - start_ > limit_) fail("a line of more than {} bytes in a stream of lines", limit_);
      return std::nullopt;
    }
    std::string line = buffer_.substr(start_, end - start_);
    start_ = scanned_ = end + 1;
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) return line;
  }
}

std::string Lines::rest() {
  std::string out = buffer_.substr(start_);
  buffer_.clear();
  start_ = scanned_ = 0;
  return out;
}

WatchEvent parse_event(std::string_view line) {
  json::value event = json::parse(line, json::one_piece(line.size()));
  json::value* object = json::find(event, "object");
  if (object == nullptr || !object->is_object()) fail("a watch event without an object");
  const std::string_view type = json::str(event, "type");
  using Type = WatchEvent::Type;
  if (type == "ADDED") return {Type::Added, std::move(*object)};
  if (type == "MODIFIED") return {Type::Modified, std::move(*object)};
  if (type == "DELETED") return {Type::Deleted, std::move(*object)};
  if (type == "BOOKMARK") return {Type::Bookmark, std::move(*object)};
  if (type != "ERROR") fail("a watch event of the unknown type \"{}\"", type);
  kube::StatusError error(*object);
  // Servers say Gone or Expired for the same thing.
  if (error.code() == 410) throw kube::expired(error.message());
  throw error;
}

}  // namespace spoke::client
