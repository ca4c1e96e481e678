// Taking members out of a JSON object.
#pragma once

#include <utility>

#include "data/json.h"

namespace spoke::kube {

// Takes out the members that `unwanted(member)` holds for; the others keep their order. In one pass: taking them out
// one by one would shift the rest each time, which a hostile document makes quadratic.
template <class Unwanted>
void erase_if(json::object& object, Unwanted unwanted) {
  json::object kept(object.storage());
  kept.reserve(object.size());
  for (auto& member : object)
    if (!unwanted(member)) kept.emplace(member.key(), std::move(member.value()));
  object = std::move(kept);
}

}  // namespace spoke::kube
