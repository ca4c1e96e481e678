#include "kube/go_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace spoke::kube {
namespace {

struct Rune {
  char32_t code = 0;
  size_t bytes = 0;  // 0 where the bytes are not UTF-8
};

Rune decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t code = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

// unicode.IsPrint but for unassigned code points: letters, marks, numbers, symbols, and of all blanks only U+0020.
bool printable(char32_t c) {
  static constexpr std::pair<char32_t, char32_t> kHidden[] = {
      {0x00, 0x1F},     {0x7F, 0xA0},     {0xAD, 0xAD},       {0x600, 0x605},     {0x61C, 0x61C},
      {0x6DD, 0x6DD},   {0x70F, 0x70F},   {0x1680, 0x1680},   {0x180E, 0x180E},   {0x2000, 0x200F},
      {0x2028, 0x202F}, {0x205F, 0x206F}, {0x3000, 0x3000},   {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},
      {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0x1FFFE, 0x1FFFF}, {0xE0000, 0xE00FF}, {0xE01F0, 0x10FFFF}};
  return std::none_of(std::begin(kHidden), std::end(kHidden), [&](auto r) { return c >= r.first && c <= r.second; });
}

// fmt's %v of a float64: the shortest digits that read back as it, with an exponent below 1e-4 and from 1e6 on.
std::string number(double v) {
  char text[400];
  const auto scientific = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific);
  const std::string_view whole(text, static_cast<size_t>(scientific.ptr - text));
  const auto e = whole.find('e');
  const auto exponent = to_int(whole.substr(e + 1)).value_or(0);
  if (v != 0 && (exponent < -4 || exponent >= 6)) return std::string(whole);
  const auto fixed = std::to_chars(text, text + sizeof text, v, std::chars_format::fixed);
  return {text, fixed.ptr};
}

void print(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null: out += "<nil>"; break;
    case boost::json::kind::bool_: out += value.get_bool() ? "true" : "false"; break;
    case boost::json::kind::int64: out += fmt::to_string(value.get_int64()); break;
    case boost::json::kind::uint64: out += number(static_cast<double>(value.get_uint64())); break;
    case boost::json::kind::double_: out += number(value.get_double()); break;
    case boost::json::kind::string: out += json::to_string(value.get_string()); break;
    case boost::json::kind::array: {
      out += '[';
      for (const auto& item : value.get_array()) {
        if (&item != value.get_array().begin()) out += ' ';
        print(out, item);
      }
      out += ']';
      break;
    }
    case boost::json::kind::object: {
      std::vector<const json::object::value_type*> members;
      for (const auto& member : value.get_object()) members.push_back(&member);
      std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });
      out += "map[";
      for (const auto* member : members) {
        if (member != members.front()) out += ' ';
        out += std::string_view(member->key());
        out += ':';
        print(out, member->value());
      }
      out += ']';
      break;
    }
  }
}

}  // namespace

std::string go_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = decode(text);
    const char first = text[0];
    if (rune.bytes == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(first));
    } else if (first == '"' || first == '\\') {
      out += {'\\', first};
    } else if (printable(rune.code)) {
      out += text.substr(0, rune.bytes);
    } else if (const auto at = std::string_view("\a\b\f\n\r\t\v").find(first); at != std::string_view::npos) {
      out += {'\\', "abfnrtv"[at]};
    } else if (rune.code < 0x80) {
      out += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(rune.code));
    } else {
      const auto code = static_cast<std::uint32_t>(rune.code);
      out += code < 0x10000 ? fmt::format("\\u{:04x}", code) : fmt::format("\\U{:08x}", code);
    }
    text.remove_prefix(std::max<size_t>(rune.bytes, 1));
  }
  return out + '"';
}

std::string go_printed(const json::value& value) {
  std::string out;
  print(out, value);
  return out;
}

std::string go_shown(const json::value& value) {
  if (value.is_string()) return go_quoted(value.get_string());
  if (value.is_double()) return number(value.get_double());
  // encoding/json escapes what HTML would take for markup.
  return replace_all(replace_all(replace_all(json::dump(value), "<", "\\u003c"), ">", "\\u003e"), "&", "\\u0026");
}

std::string_view go_type(const json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null: return "%!s(<nil>)";
    case boost::json::kind::bool_: return "bool";
    case boost::json::kind::int64: return "int64";
    case boost::json::kind::uint64:  // what is beyond an int64 is decoded as a float64
    case boost::json::kind::double_: return "float64";
    case boost::json::kind::string: return "string";
    case boost::json::kind::array: return "[]interface {}";
    case boost::json::kind::object: return "map[string]interface {}";
  }
  return "";
}

std::string_view go_json_kind(const json::value& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  if (value.is_null()) return "null";
  return value.is_bool() ? "bool" : "number";
}

}  // namespace spoke::kube
