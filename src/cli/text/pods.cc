#include "cli/text/pods.h"

#include <fmt/format.h>

namespace spoke::cli {
bool is_driver(const Object& pod) { return kube::label(pod, "spark-role") == "driver"; }
bool is_executor(const Object& pod) { return kube::label(pod, "spark-role") == "executor"; }

std::string pods_selector(std::string_view app) { return fmt::format("sparkoperator.k8s.io/app-name={}", app); }

std::string container_of_role(const Object& pod) {
  return is_executor(pod) ? "spark-kubernetes-executor" : "spark-kubernetes-driver";
}

std::string main_container(const Object& pod) {
  std::string of_role = container_of_role(pod);
  const auto& containers = json::list(pod, "spec.containers");
  const auto& statuses = json::list(pod, "status.containerStatuses");
  for (const auto* all : {&containers, &statuses})
    for (const auto& container : *all)
      if (json::str(container, "name") == of_role) return of_role;
  for (const auto& container : containers)
    for (const auto& variable : json::list(container, "env"))
      if (json::str(variable, "name") == "SPARK_APPLICATION_ID") return std::string(json::str(container, "name"));
  const auto& all = statuses.empty() ? containers : statuses;
  return all.empty() ? "" : std::string(json::str(all.front(), "name"));
}

const json::value* main_container_status(const Object& pod) {
  const std::string wanted = main_container(pod);
  for (const auto& status : json::list(pod, "status.containerStatuses"))
    if (json::str(status, "name") == wanted) return &status;
  return nullptr;
}

std::string pod_status(const Object& pod) {
  if (kube::deleting(pod)) return "Terminating";
  if (const json::value* status = main_container_status(pod)) {
    if (const auto reason = json::str(*status, "state.waiting.reason"); !reason.empty()) return std::string(reason);
    if (json::find(*status, "state.terminated") != nullptr)
      return std::string(json::str(*status, "state.terminated.reason", json::str(pod, "status.phase", "Unknown")));
  }
  if (const auto reason = json::str(pod, "status.reason"); !reason.empty()) return std::string(reason);  // Evicted
  return std::string(json::str(pod, "status.phase", "Unknown"));
}

std::optional<int> exit_code(const Object& pod) {
  const json::value* status = main_container_status(pod);
  if (status == nullptr || json::find(*status, "state.terminated.exitCode") == nullptr) return std::nullopt;
  return static_cast<int>(json::num(*status, "state.terminated.exitCode"));
}

bool started(const Object& pod) {
  const json::value* status = main_container_status(pod);
  if (status == nullptr) return false;
  return json::find(*status, "state.running") != nullptr || json::find(*status, "state.terminated") != nullptr ||
         json::find(*status, "lastState.terminated") != nullptr;
}

}  // namespace spoke::cli
