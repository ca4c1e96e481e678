// Spark Connect's server: a driver whose main class it is.
#pragma once

#include <cstdint>
#include <string_view>

#include "spark/conf.h"
#include "spark/versions.h"

namespace spoke::spark {

inline constexpr std::string_view kConnectServerClass = "org.apache.spark.sql.connect.service.SparkConnectServer";
inline constexpr std::string_view kConnectPortProperty = "spark.connect.grpc.binding.port";
inline constexpr std::int64_t kConnectPort = 15002;

// Where Spark does not come with the server (3.5), as a package that the driver fetches, unless it is there already.
void add_connect_package(Conf& conf, const Rules& rules);

}  // namespace spoke::spark
