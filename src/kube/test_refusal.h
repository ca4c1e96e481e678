// For tests: what a StatusError says, in one line.
#pragma once

#include <fmt/format.h>

#include <string>

#include "kube/status.h"

namespace spoke::kube {

// "400 BadRequest: message", or "" where `call` throws no StatusError.
template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const StatusError& e) {
    return fmt::format("{} {}: {}", e.code(), e.reason(), e.message());
  }
  return "";
}

}  // namespace spoke::kube
