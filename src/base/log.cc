#include "base/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "base/time.h"
#include "base/utf8.h"

namespace spoke::log {
namespace {

std::atomic<Level>& lowest() {
  static std::atomic<Level> one = Level::Info;
  return one;
}

std::atomic<Form>& form() {
  static std::atomic<Form> one = Form::Text;
  return one;
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : valid_utf8(text)) {
    if (c == '"' || c == '\\')
      out.append(1, '\\').append(1, c);
    else if (static_cast<unsigned char>(c) < ' ')
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  out += '"';
}

}  // namespace

void set_level(Level level) { lowest() = level; }
void set_form(Form one) { form() = one; }

bool enabled(Level level) { return level >= lowest(); }

std::string text_of(std::string_view time, Level level, std::string_view message, std::string_view fields) {
  constexpr std::string_view kLetters = "DIWE";
  constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};
  const auto at = static_cast<size_t>(level);
  if (form() == Form::Text) return fmt::format("{} {} {}{}\n", time, kLetters[at], message, fields);
  std::string line = fmt::format(R"({{"ts":"{}","level":"{}","msg":)", time, kNames.at(at));
  append_json(line, message);
  return line.append(fields).append("}\n");
}

// At once, so that the lines of several threads do not mix. There is nobody to tell of a log that cannot be written.
void write(Level level, std::string_view message, std::string_view fields) {
  const std::string time = rfc3339_micro(now()).substr(0, std::string_view("2026-01-01T00:00:00.000").size()) + "Z";
  const std::string line = text_of(time, level, message, fields);
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (n < 0 && errno != EINTR) return;
    if (n > 0) rest.remove_prefix(static_cast<size_t>(n));
  }
}

void append_field(std::string& out, std::string_view key, std::string_view value) {
  if (form() == Form::Json) {
    out += ',';
    append_json(out, key);
    out += ':';
    append_json(out, value);
    return;
  }
  out += ' ';
  out += key;
  out += '=';
  const auto plain = [](unsigned char c) { return c > ' ' && c != '"' && c != '\\' && c != 0x7f; };
  bool quote = value.empty();
  for (const char c : value) quote = quote || !plain(static_cast<unsigned char>(c));
  if (!quote) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace spoke::log
