// Small things with text that the standard library lacks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spoke {

std::vector<std::string> split(std::string_view text, char separator);  // "a,,b" -> "a", "", "b"; "" -> ""
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);  // blanks, tabs and line ends off both sides
std::string lower(std::string_view text);      // ASCII only
std::string upper(std::string_view text);      // ASCII only
std::string replace_all(std::string text, std::string_view from, std::string_view to);

std::optional<long long> to_int(std::string_view text);  // whole text, decimal, optional sign; else nothing

std::string base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);  // padding required; nothing where it is not base64

std::string hex(std::string_view bytes);  // lower case

// Whether two secrets are equal, in a time that depends on their lengths alone.
bool equal_secrets(std::string_view a, std::string_view b);

}  // namespace spoke
