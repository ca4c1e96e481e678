// Names of what a submission creates. Chance and the clock are parameters.
// Source: KubernetesConf and KubernetesUtils.uniqueID (Spark 3.5 to 4.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace spoke::spark {

// 24 random bits and the 40 low bits of the time in milliseconds, in hexadecimal: "8c23d4a1fbf5b3d4".
std::string unique_id(std::string_view three_bytes, std::int64_t milliseconds);

// "My App_1" -> "my-app-1-8c23d4a1fbf5b3d4": what names of a submission's objects begin with. No limit on the length.
std::string resource_prefix(std::string_view app_name, std::string_view unique_id);

// The application's name as a label's value: at most 63 characters.
std::string app_name_label(std::string_view app_name);

// All that chance and the clock decide for one submission. The same bytes and time give the same submission again.
struct Ids {
  static constexpr size_t kRandomBytes = 45;  // how many draw() needs

  Time now;
  std::string app;            // "spark-" and 32 hexadecimal digits
  std::string name;           // unique id in the resource prefix
  std::string service;        // unique id for a Service whose own name would be too long
  std::string config_map;     // unique id of the driver's ConfigMap
  std::string local_dir;      // UUID in the default of spark.local.dir
  std::uint32_t shuffle = 0;  // order of the local directories

  static Ids draw(std::string_view random_bytes, Time now);
};

}  // namespace spoke::spark
