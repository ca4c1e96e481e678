// Against what robfig/cron itself says (tests/cron).
#include "operator/cron.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/strings.h"
#include "data/json.h"

namespace spoke::op {
namespace {

// Where summer time begins at midnight, robfig/cron takes the day after for the one it has looked at.
bool known_to_differ(std::string_view spec, std::string_view zone, std::string_view after) {
  return spec == "0 9 */2 * FRI" && zone == "America/Sao_Paulo" && after == "2018-11-04T02:00:00Z";
}

TEST(Schedule, IsTheOneOfRobfigCron) {
  const auto lines = split(read_file(Path(SPOKE_SOURCE_DIR) / "tests/cron/golden.jsonl"), '\n');
  const json::value afters = json::parse(lines.at(0));
  size_t checked = 0;
  for (size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const json::value golden = json::parse(lines[i]);
    const std::string spec(json::str(golden, "spec")), zone(json::str(golden, "zone"));
    SCOPED_TRACE(fmt::format("{} in {}", spec, zone));
    std::string error;
    try {
      const Schedule schedule = Schedule::parse(spec, zone);
      const json::array& expected = json::list(golden, "next");
      for (size_t n = 0; n < expected.size(); ++n, ++checked) {
        const std::string_view after = afters.at(n).as_string();
        if (known_to_differ(spec, zone, after)) continue;
        const auto next = schedule.next(*parse_rfc3339(after));
        EXPECT_EQ(std::string_view(expected[n].as_string()), next ? rfc3339(*next) : "") << "after " << after;
      }
    } catch (const InvalidSchedule& e) {
      error = e.what();
    }
    EXPECT_EQ(json::str(golden, "error"), error);
  }
  EXPECT_GT(checked, 2500u);
}

std::string next(const char* spec, const char* zone, const char* after) {
  return rfc3339(*Schedule::parse(spec, zone).next(*parse_rfc3339(after)));
}

TEST(Schedule, KeepsToTheClockWhereItChanges) {
  // Half an hour back, at 2:00 on the 5th of April: 1:45 comes twice.
  EXPECT_EQ("2026-04-04T14:45:00Z", next("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z"));
  EXPECT_EQ("2026-04-04T15:15:00Z", next("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:45:00Z"));
  EXPECT_EQ("2026-04-05T15:15:00Z", next("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T15:15:00Z"));
  EXPECT_EQ("2026-04-04T17:30:00Z", next("0 4 * * *", "Australia/Lord_Howe", "2026-04-04T14:45:00Z"));
  // There was no midnight.
  EXPECT_EQ("2018-11-05T02:00:00Z", next("0 0 * * *", "America/Sao_Paulo", "2018-11-04T02:00:00Z"));
  EXPECT_EQ("2018-11-05T11:00:00Z", next("0 9 */2 * FRI", "America/Sao_Paulo", "2018-11-04T02:00:00Z"));
}

TEST(Schedule, AZoneIsANameOfTheDatabase) {
  for (const char* zone : {"../../../etc/passwd", "/etc/localtime", "file:UTC", "Fixed/UTC+01:00:00", "Mars"})
    EXPECT_THROW(Schedule::parse("@daily", zone), InvalidSchedule) << zone;
  EXPECT_NO_THROW(Schedule::parse("@daily", "Local"));
  EXPECT_NO_THROW(Schedule::parse("@daily", ""));
}

}  // namespace
}  // namespace spoke::op
