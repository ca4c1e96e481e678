// Linux capabilities by name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/json.h"

namespace spoke::cluster {

// What a container has: containerd's default set, with capabilities.add and .drop of a securityContext ("NET_ADMIN",
// "CAP_NET_ADMIN", "ALL") applied; everything where it is privileged. Never one that is not in `held` (bit n:
// capability n), since nobody can pass on what they lack. Answers "CAP_CHOWN", ... in the kernel's order.
std::vector<std::string> container_capabilities(const json::value& add, const json::value& drop, bool privileged,
                                                std::uint64_t held);

}  // namespace spoke::cluster
