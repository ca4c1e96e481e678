// Events of Kubernetes as people see them.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cli/text/table.h"
#include "kube/meta.h"

namespace spoke::cli {

// When it was last seen; nothing where it does not say. Newer ones may have no lastTimestamp.
std::optional<Time> last_seen(const kube::Object& event);

// Oldest first.
Table event_table(const std::vector<kube::Object>& events, Time now);

// Whether an event is about the application of that name, or one of its pods; "": any application, schedule or Connect
// server. `is_pod` says whether a pod of that name is known to be one; executors that are gone are known by their
// names.
bool is_about(const kube::Object& event, std::string_view application,
              const std::function<bool(std::string_view)>& is_pod);

}  // namespace spoke::cli
