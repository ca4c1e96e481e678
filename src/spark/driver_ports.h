// The ports of a driver, as its container and its Service show them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "spark/submission.h"

namespace spoke::spark {

inline constexpr std::int64_t kDriverPort = 7078;
inline constexpr std::int64_t kBlockManagerPort = 7079;

struct DriverPort {
  std::string_view name;
  std::int64_t number;
};

// In Spark's order. `block_manager` is given because the container and the Service look it up in different ways.
std::vector<DriverPort> driver_ports(const Submission& s, std::int64_t block_manager);

}  // namespace spoke::spark
