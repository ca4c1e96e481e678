// uses: spoke_operator
// Cron schedules. A schedule that is read has times in whole seconds that only grow; it is refused in one way alone.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "operator/cron.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spoke;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto schedule = op::Schedule::parse(text, "Europe/Berlin");
    Time at = *parse_rfc3339("2026-10-24T23:00:00.5Z");
    for (int i = 0; i < 3; ++i) {
      const auto next = schedule.next(at);
      if (!next) break;
      fuzz::check(*next > at, "the next time is later", std::string(text));
      fuzz::check(next->time_since_epoch() % std::chrono::seconds(1) == Duration(0), "in whole seconds",
                  std::string(text));
      at = *next;
    }
  } catch (const op::InvalidSchedule&) {
  }
  return 0;
}
