#include "base/utf8.h"

namespace spoke {

size_t utf8_character(std::string_view text) {
  const auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](size_t i) { return (at(i) & 0xc0U) == 0x80U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && at(1) < 0xa0) || (first == 0xed && at(1) > 0x9f)) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if ((first == 0xf0 && at(1) < 0x90) || (first == 0xf4 && at(1) > 0x8f)) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t n = utf8_character(bytes);
    if (n == 0) return false;
    bytes.remove_prefix(n);
  }
  return true;
}

std::string valid_utf8(std::string_view bytes, size_t limit) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string out;
  while (!bytes.empty()) {
    const size_t n = utf8_character(bytes);
    const std::string_view next = n == 0 ? kReplacement : bytes.substr(0, n);
    if (out.size() + next.size() > limit) break;
    out += next;
    bytes.remove_prefix(n == 0 ? 1 : n);
  }
  return out;
}

}  // namespace spoke
