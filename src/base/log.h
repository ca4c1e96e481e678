// Logs: a constant message, then keys and values. `log::info("pod started", "pod", name, "ip", ip)`.
// To standard error, one line each, as text or as JSON. No secret is ever a value.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace spoke::log {

enum class Level { Debug, Info, Warn, Error };
enum class Form {
  Text,  // 2026-03-01T12:00:00.000Z I pod started pod=a ip=10.0.0.1
  Json,  // {"ts":"2026-03-01T12:00:00.000Z","level":"info","msg":"pod started","pod":"a","ip":"10.0.0.1"}
};

// Lines below `level` are dropped; Info by default.
void set_level(Level level);
void set_form(Form form);  // Text unless told
bool enabled(Level level);

// One line; `fields` is what add_fields made.
void write(Level level, std::string_view message, std::string_view fields);

// The whole of a line, in the form that is set.
std::string text_of(std::string_view time, Level level, std::string_view message, std::string_view fields);

// Quotes a value that holds blanks, quotes or control characters, so that a line stays one line.
void append_field(std::string& out, std::string_view key, std::string_view value);

inline void add_fields(std::string&) {}
template <class Value, class... Rest>
void add_fields(std::string& out, std::string_view key, const Value& value, const Rest&... rest) {
  append_field(out, key, fmt::format("{}", value));
  add_fields(out, rest...);
}

template <class... Fields>
void line(Level level, std::string_view message, const Fields&... fields) {
  static_assert(sizeof...(fields) % 2 == 0, "fields are pairs of key and value");
  if (!enabled(level)) return;
  std::string text;
  add_fields(text, fields...);
  write(level, message, text);
}

template <class... F>
void debug(std::string_view message, const F&... fields) {
  line(Level::Debug, message, fields...);
}
template <class... F>
void info(std::string_view message, const F&... fields) {
  line(Level::Info, message, fields...);
}
template <class... F>
void warn(std::string_view message, const F&... fields) {
  line(Level::Warn, message, fields...);
}
template <class... F>
void error(std::string_view message, const F&... fields) {
  line(Level::Error, message, fields...);
}

}  // namespace spoke::log
