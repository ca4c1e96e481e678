#include "operator/drivers.h"

#include "operator/deadlines.h"

namespace spoke::op {
namespace {

constexpr std::string_view kExitCode = "driver container failed with ExitCode: ";

}  // namespace

DriverView view(const DriverPod& driver) {
  const bool ended = driver.terminated && (driver.phase == "Running" || driver.phase == "Failed");
  if (driver.phase == "Succeeded" || (ended && driver.terminated->exit_code == 0))
    return {State::Succeeding, normal("SparkDriverCompleted", fmt::format("Driver {} completed", driver.name))};
  if (driver.phase == "Failed" || ended)
    return {State::Failing, warning("SparkDriverFailed", fmt::format("Driver {} failed", driver.name))};
  if (driver.phase == "Running")
    return {State::Running, normal("SparkDriverRunning", fmt::format("Driver {} is running", driver.name))};
  if (driver.phase == "Pending" || driver.phase.empty())
    return {State::Submitted, normal("SparkDriverPending", fmt::format("Driver {} is pending", driver.name))};
  return {State::Unknown, warning("SparkDriverUnknown", fmt::format("Driver {} in unknown state", driver.name))};
}

bool has_ended(State state) { return state == State::Succeeding || state == State::Failing; }

std::string reason_of_failure(const DriverPod& driver) {
  const char* const by_whom = driver.disrupted  ? "driver pod was evicted or preempted: "
                              : driver.deleting ? "driver pod was deleted: "
                                                : "";
  if (driver.terminated)
    return fmt::format("{}{}{}, Reason: {}", by_whom, kExitCode, driver.terminated->exit_code,
                       driver.terminated->reason);
  // An evicted pod says why itself.
  std::string why = "driver container status missing";
  if (!driver.reason.empty()) why += ": " + driver.reason;
  if (!driver.message.empty()) why += ": " + driver.message;
  return why;
}

void tell_trouble(Status& status, const DriverPod& driver, std::vector<Event>& events) {
  const auto reason = [](std::string_view text) { return text.substr(0, text.find(": ")); };
  const std::string begin = fmt::format("driver {} is pending: ", driver.name);
  const bool told = status.error_message.starts_with(begin);
  if (driver.trouble.empty()) {
    if (told) status.error_message.clear();
    return;
  }
  const auto class_of = [&reason](std::string_view text) {
    return reason(text) == "ErrImagePull" ? "ImagePullBackOff" : reason(text);
  };
  if (told && class_of(status.error_message.substr(begin.size())) == class_of(driver.trouble)) return;
  status.error_message = begin + driver.trouble;
  events.push_back(warning("SparkDriverPending", status.error_message));
}

bool is_of_infrastructure(std::string_view error_message) {
  if (error_message.starts_with(kRunTookTooLong)) return false;
  // A kubelet that lost sight of a container has no exit code of its own to tell.
  return !error_message.starts_with(kExitCode) || error_message.ends_with("Reason: ContainerStatusUnknown");
}

}  // namespace spoke::op
