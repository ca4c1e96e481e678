// A pod's log to its end.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/session.h"

namespace spoke::cli {

struct LoggedPod {
  std::string ns, name, uid, container;
};

// Hands the log to `sink` in whole lines, from its beginning until the container has ended or the pod is gone; over
// broken connections no line is lost and none comes twice. Answers the container's exit code, where it is known.
// Cancelled, it hands on what stands after the last line end.
net::Task<std::optional<int>> follow_log(Session& session, LoggedPod pod, std::function<void(std::string_view)> sink);

}  // namespace spoke::cli
