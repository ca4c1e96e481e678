#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "operator/application.h"
#include "operator/pods.h"

namespace spoke::op {

// What the message of a run that took too long begins with.
constexpr std::string_view kRunTookTooLong = "the run did not end";

struct Deadline {
  std::string missed;        // what took longer than the application allows; "" where nothing did
  std::optional<Time> next;  // when something will have
};

// Of an attempt whose driver is there and has not ended; `state` is what it stands for.
Deadline deadline(const Application& app, State state, const Observed& seen, Time now);

// When a driver that is being deleted, and does not go, is not waited for any more.
std::optional<Time> patience_with(const Application& app, const DriverPod& leaving);

}  // namespace spoke::op
