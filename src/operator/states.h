// The states of an application and what leads from one to the next: what operator/decide.h does, in a table. A test
// holds the two together, and docs/application-states.md is made from it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "operator/status.h"

namespace spoke::op {

struct Transition {
  State from, to;
  std::string_view when;
};

std::span<const Transition> transitions();

// docs/application-states.md, whole.
std::string states_page();

}  // namespace spoke::op
