#include "net/http.h"

#include <algorithm>
#include <cctype>

#include "base/strings.h"

namespace spoke::net {

std::string_view Headers::get(std::string_view name) const {
  const std::string wanted = lower(name);
  for (const auto& [key, value] : list_)
    if (key.size() == wanted.size() && lower(key) == wanted) return value;
  return {};
}

void Headers::set(std::string_view name, std::string value) {
  const std::string wanted = lower(name);
  for (auto& [key, old] : list_) {
    if (lower(key) != wanted) continue;
    old = std::move(value);
    return;
  }
  list_.emplace_back(name, std::move(value));
}

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~')
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

std::string percent_encode_path(std::string_view path) {
  std::string out;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    out += percent_encode(path.substr(at, end - at));
    if (end < path.size()) out += '/';
    at = end + 1;
  }
  return out.empty() ? "/" : out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

Query Query::parse(std::string_view text) {
  Query query;
  if (text.empty()) return query;
  for (const auto& pair : split(text, '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto part = [](std::string_view raw) {
      std::string plain(raw);
      std::replace(plain.begin(), plain.end(), '+', ' ');
      return percent_decode(plain);
    };
    query.add(part(std::string_view(pair).substr(0, equals)),
              equals == std::string::npos ? "" : part(std::string_view(pair).substr(equals + 1)));
  }
  return query;
}

std::string_view Query::get(std::string_view name) const {
  for (const auto& [key, value] : list_)
    if (key == name) return value;
  return {};
}

bool Query::has(std::string_view name) const {
  return std::any_of(list_.begin(), list_.end(), [&](const auto& pair) { return pair.first == name; });
}

bool Query::flag(std::string_view name) const { return get(name) == "true" || get(name) == "1"; }

std::string Query::encode() const {
  std::string out;
  for (const auto& [key, value] : list_) {
    if (!out.empty()) out += '&';
    out += percent_encode(key) + "=" + percent_encode(value);
  }
  return out;
}

}  // namespace spoke::net
