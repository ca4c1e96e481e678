#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/time.h"

namespace spoke::log {
namespace {

std::atomic<Level>& lowest() {
  static std::atomic<Level> one = Level::Info;
  return one;
}

}  // namespace

void set_level(Level level) { lowest() = level; }

bool enabled(Level level) { return level >= lowest(); }

// At once, so that the lines of several threads do not mix. There is nobody to tell of a log that cannot be written.
void write(Level level, std::string_view message, std::string_view fields) {
  constexpr std::string_view kLetters = "DIWE";
  const std::string time = rfc3339_micro(now()).substr(0, std::string_view("2026-01-01T00:00:00.000").size());
  const std::string line = fmt::format("{}Z {} {}{}\n", time, kLetters[static_cast<size_t>(level)], message, fields);
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (n < 0 && errno != EINTR) return;
    if (n > 0) rest.remove_prefix(static_cast<size_t>(n));
  }
}

void append_field(std::string& out, std::string_view key, std::string_view value) {
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
