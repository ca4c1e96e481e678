// Spark's documentation (index.html, "Downloading") names the versions of Java that each release runs on.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "image/check/check.h"
#include "image/java_home.h"

namespace spoke::image {

Findings check_java(const ImageFacts& facts) {
  if (facts.java == 0 || facts.spark.empty()) return {};
  const std::vector<int> fitting = java_versions_for(facts.spark);
  if (fitting.empty() || std::ranges::find(fitting, facts.java) != fitting.end()) return {};
  return {
      {"java", fmt::format("java {}", facts.java),
       fmt::format("is none that Spark {} runs on: the JVM ends with UnsupportedClassVersionError, or Spark fails by "
                   "reaching into what is closed or gone",
                   facts.spark),
       fmt::format("take Java {}", fmt::join(fitting, " or "))}};
}

}  // namespace spoke::image
