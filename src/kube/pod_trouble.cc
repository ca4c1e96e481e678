#include "kube/pod_trouble.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace spoke::kube {
namespace {

// Waiting for these is the way of things; every other reason of a waiting container is trouble.
constexpr std::array<std::string_view, 3> kUsualWaits = {"", "ContainerCreating", "PodInitializing"};

std::string with_message(std::string_view reason, std::string_view message) {
  return message.empty() ? std::string(reason) : fmt::format("{}: {}", reason, message);
}

std::string waiting_trouble(const json::value& status) {
  const auto reason = json::str(status, "state.waiting.reason");
  if (std::ranges::find(kUsualWaits, reason) != kUsualWaits.end()) return "";
  return with_message(reason, json::str(status, "state.waiting.message"));
}

}  // namespace

std::string pod_trouble(const Object& pod) {
  for (const char* list : {"status.initContainerStatuses", "status.containerStatuses"})
    for (const auto& status : json::list(pod, list))
      if (auto found = waiting_trouble(status); !found.empty()) return found;
  const json::value* scheduled = condition(pod, "PodScheduled");
  if (scheduled != nullptr && json::str(*scheduled, "status") == "False")
    return with_message(json::str(*scheduled, "reason"), json::str(*scheduled, "message"));
  if (json::str(pod, "status.phase") == "Failed" && !json::str(pod, "status.reason").empty())
    return with_message(json::str(pod, "status.reason"), json::str(pod, "status.message"));
  return "";
}

}  // namespace spoke::kube
