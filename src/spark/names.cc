#include "spark/names.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/strings.h"

namespace spoke::spark {
namespace {

constexpr size_t kLabelLength = 63;

// Lower case; every run of what is no letter, digit or dash becomes one dash, and so does a run of dashes.
std::string dashed(std::string_view text) {
  // Of all that is not ASCII, these two have lower-case forms with ASCII in them: I with a dot, and the kelvin sign.
  const std::string ascii = replace_all(replace_all(std::string(text), "\xc4\xb0", "i-"), "\xe2\x84\xaa", "k");
  std::string out;
  for (const char c : lower(ascii)) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (kept || !out.ends_with('-')) out += kept ? c : '-';
  }
  return out;
}

// java.lang.String.trim: every character up to the blank goes.
std::string_view java_trim(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// RFC 4122, version 4.
std::string uuid(std::string bytes) {
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  return hex(bytes);
}

}  // namespace

std::string unique_id(std::string_view three_bytes, std::int64_t milliseconds) {
  return fmt::format("{}{:x}", hex(three_bytes), milliseconds & 0xFFFFFFFFFF);
}

std::string resource_prefix(std::string_view app_name, std::string_view unique_id) {
  const std::string whole = fmt::format("{}-{}", app_name, unique_id);
  std::string prefix = dashed(java_trim(whole));
  if (prefix.starts_with('-')) prefix.erase(0, 1);
  if (!prefix.empty() && prefix[0] >= '0' && prefix[0] <= '9') prefix[0] = 'x';
  return prefix;
}

std::string app_name_label(std::string_view app_name) {
  std::string label = dashed(java_trim(app_name)).substr(0, kLabelLength);
  if (label.starts_with('-')) label.erase(0, 1);
  if (label.ends_with('-')) label.pop_back();
  return label;
}

Ids Ids::draw(std::string_view random_bytes, Time now) {
  if (random_bytes.size() < kRandomBytes)
    fail("a submission needs {} random bytes, not {}", kRandomBytes, random_bytes.size());
  const auto take = [&](size_t n) {
    const auto bytes = random_bytes.substr(0, n);
    random_bytes.remove_prefix(n);
    return std::string(bytes);
  };
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  Ids ids;
  ids.now = now;
  ids.app = "spark-" + uuid(take(16));
  ids.local_dir = uuid(take(16));
  for (const size_t dash : {8, 13, 18, 23}) ids.local_dir.insert(dash, "-");
  ids.name = unique_id(take(3), ms);
  ids.service = unique_id(take(3), ms);
  ids.config_map = unique_id(take(3), ms);
  for (const char c : take(4)) ids.shuffle = ids.shuffle << 8 | static_cast<unsigned char>(c);
  return ids;
}

}  // namespace spoke::spark
