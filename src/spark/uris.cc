#include "spark/uris.h"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>
#include <utility>

#include "base/strings.h"

namespace spoke::spark {
namespace {

std::string_view scheme(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0 || std::isalpha(static_cast<unsigned char>(uri[0])) == 0) return {};
  for (const char c : uri.substr(0, colon))
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '+' && c != '-' && c != '.') return {};
  return uri.substr(0, colon);
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What java.net.URI's grammar forbids: blanks, controls, some signs, an escape that is none, a second fragment.
bool is_uri(std::string_view text) {
  bool in_fragment = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte <= ' ' || byte == 0x7f || std::string_view("\"<>\\^`{|}").find(text[i]) != std::string_view::npos)
      return false;
    if (text[i] == '%' && (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0)) return false;
    if (text[i] == '#' && std::exchange(in_fragment, true)) return false;
  }
  return !scheme(text).empty() && text.size() > scheme(text).size() + 1;
}

// What java.io.File.toURI quotes in a path.
std::string percent_encoded(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f || std::string_view("\"#%<>?[\\]^`{|}").find(c) != std::string_view::npos)
      out += fmt::format("%{:02X}", byte);
    else
      out += c;
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string_view without_fragment(std::string_view uri) { return uri.substr(0, uri.find('#')); }

std::string_view fragment(std::string_view uri) {
  const auto at = uri.find('#');
  return at == std::string_view::npos ? std::string_view() : uri.substr(at + 1);
}

std::string resolve_uri(std::string_view text, std::string_view folder) {
  if (is_uri(text)) return std::string(text);
  const std::string_view name = fragment(text);
  const auto path = std::filesystem::path(folder) / without_fragment(text);
  return file_uri(path.string()) + (name.empty() ? "" : "#" + std::string(name));
}

std::string file_uri(std::string_view path) { return "file:" + percent_encoded(path); }

std::string resolve_uris(std::string_view list, std::string_view folder) {
  std::vector<std::string> uris;
  for (const auto& item : split(list, ','))
    if (const auto uri = trim(item); !uri.empty()) uris.push_back(resolve_uri(uri, folder));
  return join(uris, ",");
}

bool needs_upload(std::string_view uri) {
  if (uri.empty() || uri == kNoResource) return false;
  return scheme(uri).empty() || scheme(uri) == "file";
}

std::string local_path(std::string_view uri) {
  std::string_view path = without_fragment(uri);
  if (scheme(path).empty()) return std::string(path);
  path.remove_prefix(scheme(path).size() + 1);
  if (path.starts_with("//")) path = path.find('/', 2) == std::string_view::npos ? "" : path.substr(path.find('/', 2));
  return percent_decoded(path);
}

}  // namespace spoke::spark
