#include "operator/cron.h"

#include <absl/time/time.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"

namespace spoke::op {
namespace {

constexpr int kYears = 5;

constexpr const char* kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",  "jul",
                                   "aug", "sep", "oct", "nov", "dec", nullptr};
constexpr const char* kDays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", nullptr};

template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> text, Args&&... args) {
  throw InvalidSchedule(fmt::format(text, std::forward<Args>(args)...));
}

int number(std::string_view text) {
  const auto value = to_int(text);
  if (!value) refuse("failed to parse int from {}: strconv.Atoi: parsing \"{}\": invalid syntax", text, text);
  if (*value < 0) refuse("negative number ({}) not allowed: {}", *value, text);
  return static_cast<int>(std::min<std::int64_t>(*value, 1'000'000));
}

// `names` are of consecutive values from `first`.
int number_or_name(std::string_view text, int first, const char* const* names) {
  for (int i = 0; names != nullptr && names[i] != nullptr; ++i)
    if (lower(text) == names[i]) return first + i;
  return number(text);
}

absl::TimeZone load_zone(std::string_view name) {
  if (name.empty() || name == "Local") return absl::LocalTimeZone();
  absl::TimeZone zone;
  // A name is a path below the database to the library.
  const bool path = name.starts_with('/') || name.starts_with('\\') || name.find("..") != std::string_view::npos;
  if (path || name.starts_with("file:") || name.starts_with("libc:") || name.starts_with("Fixed/") ||
      !absl::LoadTimeZone(std::string(name), &zone))
    refuse("unknown time zone {}", name);
  return zone;
}

std::string expand(std::string_view name) {
  if (name == "@yearly" || name == "@annually") return "0 0 1 1 *";
  if (name == "@monthly") return "0 0 1 * *";
  if (name == "@weekly") return "0 0 * * 0";
  if (name == "@daily" || name == "@midnight") return "0 0 * * *";
  if (name == "@hourly") return "0 * * * *";
  refuse("unrecognized descriptor: {}", name);
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out = split(text, ' ');
  std::erase(out, "");
  return out;
}

Time to_time(absl::Time t) { return Time(Duration(absl::ToUnixMicros(t))); }

}  // namespace

void check_zone(std::string_view name) { load_zone(name); }

Schedule::Field Schedule::field(std::string_view text, int min, int max, const char* const* names) {
  Field out;
  for (const std::string& part : split(text, ',')) {
    if (part.empty()) continue;
    const auto range_and_step = split(part, '/');
    const auto bounds = split(range_and_step[0], '-');
    const bool all = bounds[0] == "*" || bounds[0] == "?";
    int start = min, end = max;
    if (!all) {
      start = number_or_name(bounds[0], min, names);
      if (bounds.size() > 2) refuse("too many hyphens: {}", part);
      end = bounds.size() == 2 ? number_or_name(bounds[1], min, names) : start;
    }
    int step = 1;
    if (range_and_step.size() > 2) refuse("too many slashes: {}", part);
    if (range_and_step.size() == 2) {
      step = number(range_and_step[1]);
      if (bounds.size() == 1) end = max;  // "5/15" goes on from 5 to the end
    }
    if (start < min) refuse("beginning of range ({}) below minimum ({}): {}", start, min, part);
    if (end > max) refuse("end of range ({}) above maximum ({}): {}", end, max, part);
    if (start > end) refuse("beginning of range ({}) beyond end of range ({}): {}", start, end, part);
    if (step == 0) refuse("step of range should be a positive number: {}", part);
    if (all && step == 1) out.any = true;
    for (int value = start; value <= end; value += step) out.values.set(static_cast<size_t>(value));
  }
  return out;
}

Schedule Schedule::parse(std::string_view text, std::string_view zone) {
  if (text.empty()) refuse("empty spec string");
  Schedule out;
  if (text.starts_with("TZ=") || text.starts_with("CRON_TZ=")) {
    const size_t from = text.find('=') + 1, to = std::min(text.find(' '), text.size());
    zone = text.substr(from, to - from);
    text = trim(text.substr(to));
  }
  out.zone_ = zone;
  try {
    load_zone(zone);
  } catch (const InvalidSchedule& e) {
    refuse("provided bad location {}: {}", zone, e.what());
  }

  constexpr std::string_view kEvery = "@every ";
  if (text.starts_with(kEvery)) {
    std::string_view length = text.substr(kEvery.size());
    const bool negative = length.starts_with('-');  // taken, as the shortest there is
    if (negative || length.starts_with('+')) length.remove_prefix(1);
    const auto every = parse_duration(length);
    if (!every)
      refuse("failed to parse duration {}: time: {} duration \"{}\"", text,
             to_int(length) ? "missing unit in" : "invalid", text.substr(kEvery.size()));
    out.every_ = negative ? std::chrono::seconds(1)
                          : std::max(std::chrono::floor<std::chrono::seconds>(*every), std::chrono::seconds(1));
    return out;
  }
  const std::string expanded = text.starts_with('@') ? expand(text) : std::string(text);
  const auto fields = words(expanded);
  if (fields.size() != 5) refuse("expected exactly 5 fields, found {}: [{}]", fields.size(), join(fields, " "));
  out.minute_ = field(fields[0], 0, 59, nullptr);
  out.hour_ = field(fields[1], 0, 23, nullptr);
  out.day_ = field(fields[2], 1, 31, nullptr);
  out.month_ = field(fields[3], 1, 12, kMonths);
  out.weekday_ = field(fields[4], 0, 6, kDays);
  return out;
}

bool Schedule::runs_on(int month, int day, int weekday) const {
  if (!month_.values.test(static_cast<size_t>(month))) return false;
  const bool by_day = day_.values.test(static_cast<size_t>(day));
  const bool by_weekday = weekday_.values.test(static_cast<size_t>(weekday));
  // Where both are restricted, either is enough.
  return day_.any || weekday_.any ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<Time> Schedule::next(Time after) const {
  using std::chrono::floor, std::chrono::seconds;
  if (every_ != Duration(0)) return floor<seconds>(after) + every_;
  const absl::TimeZone zone = load_zone(zone_);
  const absl::Time from = absl::FromUnixSeconds(floor<seconds>(after).time_since_epoch().count());
  // The clock can be set back by hours: the day before may have times that come after `from`.
  const absl::CivilDay today(absl::ToCivilSecond(from, zone));
  for (absl::CivilDay day = today - 1; day.year() <= today.year() + kYears; ++day) {
    // absl's Monday is 0.
    const int weekday = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;
    if (!runs_on(day.month(), day.day(), weekday)) continue;
    std::optional<absl::Time> first;
    for (int hour = 0; hour < 24; ++hour) {
      if (!hour_.values.test(static_cast<size_t>(hour))) continue;
      for (int minute = 0; minute < 60; ++minute) {
        if (!minute_.values.test(static_cast<size_t>(minute))) continue;
        const auto at = zone.At(absl::CivilSecond(day.year(), day.month(), day.day(), hour, minute));
        if (at.kind == absl::TimeZone::TimeInfo::SKIPPED) continue;
        for (const absl::Time t : {at.pre, at.post})
          if (t > from && (!first || t < *first)) first = t;
      }
    }
    if (first) return to_time(*first);
  }
  return std::nullopt;
}

}  // namespace spoke::op
