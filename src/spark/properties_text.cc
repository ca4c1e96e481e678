#include "spark/properties_text.h"

#include <fmt/chrono.h>

#include <charconv>

#include "base/strings.h"

namespace spoke::spark {
namespace {

void escape(std::string& out, std::string_view text, bool name) {
  for (size_t i = 0; i < text.size(); ++i) {
    switch (const char c = text[i]; c) {
      case ' ': out += name || i == 0 ? "\\ " : " "; break;
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\f': out += "\\f"; break;
      case '\\':
      case '=':
      case ':':
      case '#':
      case '!': out += '\\'; [[fallthrough]];
      default: out += c;
    }
  }
}

bool blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

// The next line with its continuations, without blanks in front; nothing at the end of the text. Comments and empty
// lines are skipped.
std::optional<std::string> logical_line(std::string_view& text) {
  std::string line;
  bool continued = false;
  while (!text.empty()) {
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    const auto end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view natural = text.substr(0, end);
    text.remove_prefix(end);
    if (text.starts_with("\r\n")) text.remove_prefix(1);
    if (!text.empty()) text.remove_prefix(1);
    if (!continued && (natural.empty() || natural[0] == '#' || natural[0] == '!')) continue;
    line += natural;
    const auto last = natural.find_last_not_of('\\');
    const size_t backslashes = natural.size() - (last == std::string_view::npos ? 0 : last + 1);
    if (backslashes % 2 == 0) return line;
    line.pop_back();
    continued = true;
  }
  return continued ? std::optional(line) : std::nullopt;
}

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  out += static_cast<char>((0xff00U >> (more + 1) & 0xffU) | code >> 6 * more);
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80U | (code >> 6 * i & 0x3fU));
}

unsigned utf16_unit(std::string_view text, size_t at) {
  unsigned unit = 0;
  const std::string_view digits = text.substr(std::min(at, text.size()), 4);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
  if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4) fail("Malformed \\uxxxx encoding.");
  return unit;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) break;
    switch (text[i]) {
      case 't': out += '\t'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 'f': out += '\f'; break;
      case 'u': {
        unsigned code = utf16_unit(text, i + 1);
        i += 4;
        if (code >= 0xd800 && code < 0xdc00 && text.substr(i + 1).starts_with("\\u")) {
          const unsigned low = utf16_unit(text, i + 3);
          if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            i += 6;
          }
        }
        append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);  // half a pair is no character
        break;
      }
      default: out += text[i];
    }
  }
  return out;
}

// Where the name ends: at the first blank, '=' or ':' that no backslash escapes.
size_t name_end(std::string_view line) {
  size_t at = 0;
  while (at < line.size() && !blank(line[at]) && line[at] != '=' && line[at] != ':') at += line[at] == '\\' ? 2 : 1;
  return std::min(at, line.size());
}

}  // namespace

std::string store_properties(const Properties& properties, std::string_view comment, Time date) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(date);
  std::string out = fmt::format("#{}\n#{:%a %b %d %H:%M:%S UTC %Y}\n", comment, fmt::gmtime(seconds));
  for (const auto& [name, value] : properties) {
    escape(out, name, true);
    out += '=';
    escape(out, value, false);
    out += '\n';
  }
  return out;
}

Properties load_properties(std::string_view text) {
  Properties properties;
  while (const auto line = logical_line(text)) {
    const std::string_view all = *line;
    const size_t end = name_end(all);
    std::string_view value = all.substr(end);
    const auto drop_blanks = [&] {
      while (!value.empty() && blank(value.front())) value.remove_prefix(1);
    };
    drop_blanks();
    if (value.starts_with('=') || value.starts_with(':')) value.remove_prefix(1);
    drop_blanks();
    properties.insert_or_assign(unescape(all.substr(0, end)), unescape(value));
  }
  return properties;
}

Properties load_spark_properties(std::string_view text) {
  Properties properties = load_properties(text);
  for (auto& [name, value] : properties) {
    // Utils.trimExceptCRLF: a line end that was written as an escape is meant.
    const auto goes = [](char c) { return static_cast<unsigned char>(c) <= ' ' && c != '\r' && c != '\n'; };
    while (!value.empty() && goes(value.back())) value.pop_back();
    size_t front = 0;
    while (front < value.size() && goes(value[front])) ++front;
    value.erase(0, front);
  }
  return properties;
}

}  // namespace spoke::spark
