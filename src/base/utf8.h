// Bytes from outside as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace spoke {

// How many bytes the character takes that `text` begins with (Unicode 15, table 3-7: no overlong forms, no surrogates);
// 0 where it begins with none.
size_t utf8_character(std::string_view text);

bool is_utf8(std::string_view bytes);

// At most `limit` bytes of it, whole characters; each byte that belongs to none becomes U+FFFD, as Go's JSON writes it.
std::string valid_utf8(std::string_view bytes, size_t limit = std::string_view::npos);

}  // namespace spoke
