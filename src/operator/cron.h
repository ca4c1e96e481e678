// Cron schedules in robfig/cron's standard dialect (v3, ParseStandard), which the operator's users write:
//
//   minute hour day-of-month month day-of-week    *, ?, lists, ranges, steps; names of months and days
//   @yearly @annually @monthly @weekly @daily @midnight @hourly
//   @every 1h30m
//   CRON_TZ=Europe/Berlin, or TZ=..., before any of these
//
// In zones with summer time: what falls into the hour that is left out does not run that day; what falls into the hour
// that comes twice runs twice.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace spoke::op {

class InvalidSchedule : public Error {
  using Error::Error;
};

// Throws InvalidSchedule for what is no zone of this machine.
void check_zone(std::string_view name);

class Schedule {
 public:
  // `zone` is where the schedule names none: "Local", "UTC" or a name of the IANA's database, which is read from the
  // machine (TZDIR, /usr/share/zoneinfo). Throws InvalidSchedule, in robfig/cron's words.
  static Schedule parse(std::string_view text, std::string_view zone);

  // The first time after `after`, in whole seconds. Nothing where there is none within five years.
  std::optional<Time> next(Time after) const;

  // By the clock on the wall, not by the time that has passed (@every).
  bool by_the_clock() const { return every_ == Duration(0); }

 private:
  // Which values a field takes; `any` where it was * or ?.
  struct Field {
    std::bitset<64> values;
    bool any = false;
  };
  static Field field(std::string_view text, int min, int max, const char* const* names);
  bool runs_on(int month, int day, int weekday) const;

  std::string zone_;
  Duration every_{0};
  Field minute_, hour_, day_, month_, weekday_;  // weekday: 0 is Sunday
};

}  // namespace spoke::op
