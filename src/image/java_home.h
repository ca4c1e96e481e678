// The Java installations of a machine, and which of them a Spark runs on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/machine.h"

namespace spoke::image {

struct JavaHome {
  Path dir;             // canonical: no link on the way
  std::string version;  // "17.0.15", "1.8.0_392"
  int major = 0;        // 17, 8
};

// From the file `release` that every JDK and JRE carries. Nothing where `dir` is neither.
std::optional<JavaHome> inspect_java_home(const Path& dir);

// JAVA_HOME's, those below /usr/lib/jvm, then the one whose `java` is on PATH.
std::vector<JavaHome> find_java_homes(const Machine& machine);

// The versions of Java that a version of Spark supports, the best first (Spark's own documentation, index.md).
std::vector<int> java_versions_for(std::string_view spark_version);

// JAVA_HOME where its version is among `versions`, else the first of `versions` that there is.
std::optional<JavaHome> choose_java(const Machine& machine, const std::vector<JavaHome>& homes,
                                    const std::vector<int>& versions);

}  // namespace spoke::image
