// What is to be done about a workload, decided from what there is. Pure code makes it, control/workloads.cc does it:
// what is made first, then what changes, then what goes, then the status.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "kube/meta.h"

namespace spoke::cluster {

using kube::Object;

struct Note {  // an event about the workload
  std::string reason, message;
  bool warning = false;
};

struct Step {
  std::vector<Object> create;          // with apiVersion, kind and namespace
  std::vector<Object> update;          // whole, as they were read but for what changes
  std::vector<Object> remove;          // as they were read
  std::optional<json::object> status;  // of the workload
  std::vector<Note> notes;
  std::optional<Duration> look_again;

  // No later than in a day, however long a deadline is.
  void look_within(Duration wait) {
    look_again = std::min(look_again.value_or(std::chrono::hours(24)), std::max(wait, Duration(0)));
  }
};

// At most so many objects are made or removed in one step, so that one workload does not keep all others waiting.
inline constexpr std::int64_t kBurst = 100;

// A number of seconds that somebody wrote, of which no sum overflows.
inline Duration seconds_of(std::int64_t seconds) {
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, std::int64_t{1} << 32));
}

}  // namespace spoke::cluster
