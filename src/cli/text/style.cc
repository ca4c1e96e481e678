#include "cli/text/style.h"

#include <algorithm>
#include <array>

namespace spoke::cli {
namespace {

const char* code(Style style) {
  switch (style) {
    case Style::Plain: return "";
    case Style::Strong: return "1";
    case Style::Faint: return "2";
    case Style::Good: return "32";
    case Style::Busy: return "33";
    case Style::Bad: return "31";
  }
  return "";
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // a character's later bytes in UTF-8

template <size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string paint(Style style, std::string_view text, bool colour) {
  if (!colour || style == Style::Plain) return std::string(text);
  return std::string("\x1b[") + code(style) + "m" + std::string(text) + "\x1b[0m";
}

Style style_of_state(std::string_view state) {
  static constexpr std::array<std::string_view, 5> good = {"COMPLETED", "RUNNING", "Running", "Succeeded", "Completed"};
  static constexpr std::array<std::string_view, 5> bad = {"FAILED", "FAILING", "SUBMISSION_FAILED", "Failed", "Error"};
  static constexpr std::array<std::string_view, 3> unclear = {"UNKNOWN", "Unknown", "SUSPENDED"};
  if (among(good, state)) return Style::Good;
  if (among(bad, state)) return Style::Bad;
  return among(unclear, state) ? Style::Faint : Style::Busy;
}

namespace {

std::string without_controls(std::string_view text, std::string_view kept) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, which terminals take for control characters too, are C2 80 to C2 9F.
    const bool c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) ++i;
    const bool control = c1 || c < 0x20 || c == 0x7f;
    if (control && kept.find(text[i]) == std::string_view::npos)
      out += ' ';
    else
      out += text[i];
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) { return without_controls(text, ""); }

std::string printable_lines(std::string_view text) { return without_controls(text, "\n\t"); }

size_t width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string shorten(std::string_view text, size_t cells) {
  if (width(text) <= cells) return std::string(text);
  if (cells == 0) return "";
  size_t end = 0;
  for (size_t seen = 0; end < text.size(); ++end)
    if (!continues(text[end]) && ++seen == cells) break;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace spoke::cli
