#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/strings.h"

namespace spoke {
namespace {

using std::chrono::duration_cast;
using std::chrono::floor;

struct Parts {
  int year;
  unsigned month, day;
  long hour, minute, second, micro;
};

Parts parts(Time t) {
  const auto day = floor<std::chrono::days>(t);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{t - day};
  return {static_cast<int>(date.year()),     static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), clock.hours().count(),
          clock.minutes().count(),           clock.seconds().count(),
          clock.subseconds().count()};
}

std::string seconds_part(const Parts& p) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", p.year, p.month, p.day, p.hour, p.minute, p.second);
}

// Reads exactly n digits from the front of text.
std::optional<int> digits(std::string_view& text, size_t n) {
  if (text.size() < n) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < n; ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(n);
  return value;
}

bool skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Time now() { return floor<Duration>(std::chrono::system_clock::now()); }

std::string rfc3339(Time t) { return seconds_part(parts(t)) + "Z"; }

std::string rfc3339_micro(Time t) {
  const Parts p = parts(t);
  return seconds_part(p) + fmt::format(".{:06}Z", p.micro);
}

std::string rfc3339_nano(Time t) {
  const Parts p = parts(t);
  return seconds_part(p) + fmt::format(".{:06}000Z", p.micro);
}

std::optional<Time> parse_rfc3339(std::string_view s) {
  const auto year = digits(s, 4);
  if (!year || !skip(s, '-')) return std::nullopt;
  const auto month = digits(s, 2);
  if (!month || !skip(s, '-')) return std::nullopt;
  const auto day = digits(s, 2);
  if (!day || (!skip(s, 'T') && !skip(s, 't'))) return std::nullopt;
  const auto hour = digits(s, 2);
  if (!hour || !skip(s, ':')) return std::nullopt;
  const auto minute = digits(s, 2);
  if (!minute || !skip(s, ':')) return std::nullopt;
  const auto second = digits(s, 2);
  if (!second) return std::nullopt;
  long micro = 0;
  if (skip(s, '.')) {
    long scale = 100000;
    size_t n = 0;
    for (; n < s.size() && std::isdigit(static_cast<unsigned char>(s[n])) != 0; ++n, scale /= 10)
      micro += (s[n] - '0') * scale;
    if (n == 0) return std::nullopt;
    s.remove_prefix(n);
  }
  int offset = 0;
  if (s != "Z" && s != "z") {
    const int sign = s.starts_with('-') ? -1 : 1;
    if (!skip(s, '+') && !skip(s, '-')) return std::nullopt;
    const auto h = digits(s, 2);
    if (!h || !skip(s, ':')) return std::nullopt;
    const auto m = digits(s, 2);
    if (!m || !s.empty()) return std::nullopt;
    offset = sign * (*h * 60 + *m);
  }
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute - offset) +
         std::chrono::seconds(*second) + Duration(micro);
}

std::string human_duration(Duration d) {
  const long s = duration_cast<std::chrono::seconds>(d).count();
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  if (s < 120) return fmt::format("{}s", s);
  const long m = s / 60;
  if (m < 10) return s % 60 == 0 ? fmt::format("{}m", m) : fmt::format("{}m{}s", m, s % 60);
  if (m < 180) return fmt::format("{}m", m);
  const long h = m / 60;
  if (h < 8) return m % 60 == 0 ? fmt::format("{}h", h) : fmt::format("{}h{}m", h, m % 60);
  if (h < 48) return fmt::format("{}h", h);
  if (h < 24 * 8) return h % 24 == 0 ? fmt::format("{}d", h / 24) : fmt::format("{}d{}h", h / 24, h % 24);
  if (h < 24 * 365 * 2) return fmt::format("{}d", h / 24);
  const long years = h / 24 / 365, days = h / 24 % 365;
  if (h < 24 * 365 * 8) return days == 0 ? fmt::format("{}y", years) : fmt::format("{}y{}d", years, days);
  return fmt::format("{}y", years);
}

std::optional<Duration> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    Duration length;
  };
  constexpr Unit units[] = {{"us", std::chrono::microseconds(1)},
                            {"ms", std::chrono::milliseconds(1)},
                            {"h", std::chrono::hours(1)},
                            {"m", std::chrono::minutes(1)},
                            {"s", std::chrono::seconds(1)}};
  constexpr int longest = 1'000'000;  // of each unit, so that nothing overflows
  constexpr Duration century = std::chrono::hours(100 * 365 * 24);
  Duration out{};
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto count = to_int(text.substr(0, digits));
    text.remove_prefix(digits);
    double part = 0;  // of a unit
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      double place = 0.1;
      for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), place /= 10)
        part += place * (text[0] - '0');
    }
    const auto* unit = std::ranges::find_if(units, [&](const Unit& u) { return text.starts_with(u.name); });
    if (!count || *count > longest || unit == std::end(units)) return std::nullopt;
    out += unit->length * *count + std::chrono::round<Duration>(unit->length * part);
    if (out > century) return std::nullopt;
    text.remove_prefix(unit->name.size());
  }
  return out;
}

}  // namespace spoke
