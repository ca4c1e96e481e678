// What a driver's pod says of the application.
#pragma once

#include <string>
#include <vector>

#include "operator/decide.h"

namespace spoke::op {

struct DriverView {
  State state;
  Event event;
};

// A driver whose container has ended is at its end, even while sidecars keep the pod running.
DriverView view(const DriverPod& driver);
bool has_ended(State state);  // Succeeding or Failing
std::string reason_of_failure(const DriverPod& driver);

// Brings status.error_message up to date with what a waiting driver waits for: in other words than before only where it
// is something else, for a kubelet that tries to pull an image has another message each time.
void tell_trouble(Status& status, const DriverPod& driver, std::vector<Event>& events);

// Whether a driver that failed of that did not fail by itself: it never ran, or the cluster took it. By the message
// that is in status, for the pod may be gone, and another operator look at it.
bool is_of_infrastructure(std::string_view error_message);

}  // namespace spoke::op
