// How Spark stands in an image: the places and the environment of Apache's own images, whose entry point is ours too.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "image/image_store.h"
#include "image/spark_home.h"

namespace spoke::image {

inline constexpr const char* spark_path = "/opt/spark";

// The parts of a distribution that there are, and where each stands in an image. What Spark's own Dockerfile copies.
std::vector<std::pair<Path, Path>> spark_parts(const SparkHome& spark);

// What containers of it start with, each with the place that it stands at; executable.
std::vector<std::pair<const char*, std::string_view>> spark_scripts();

// How such an image starts; `java_home` is a path inside of it.
ImageConfig spark_config(const SparkHome& spark, const std::string& java_home);

}  // namespace spoke::image
