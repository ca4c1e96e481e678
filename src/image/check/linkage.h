// Whether what is added to Spark's class path finds there the methods and fields that it was compiled with.
//
// Spark's own jars come first, so that of a class that several jars have theirs is loaded. What one of them lacks is a
// NoSuchMethodError when the code comes to it. Much code never does: only what somebody could have known is told: a
// library that Spark ships in another version than an artifact's POM asks for (Guava, Jackson, Netty, protobuf),
// classes that a jar brings and Spark has, and jobs that were compiled for another Spark. Pure but for `read`.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "image/check/check.h"

namespace spoke::image {

struct ClassJar {
  JarFact fact;
  std::vector<std::string> classes;  // "com/google/common/base/Splitter"
  int java = 0;                      // that its classes are compiled for, the least of some; 0 where it has none
};

struct ClassPath {
  std::vector<ClassJar> jars;                          // in the class path's order
  std::map<std::string, std::string> wanted_versions;  // by the artifact's name, as Maven chose them for what is added
  int java = 0;                                        // the image's; 0: not known
};

// Calls `each` for every class of jar number `jar` that is `wanted`, with all of its bytes. Throws Error.
using ReadClasses =
    std::function<void(size_t jar, const std::function<bool(const std::string& name)>& wanted,
                       const std::function<void(const std::string& name, std::string_view bytes)>& each)>;

// Rules `linkage` and `java`. A damaged class is passed over, as the JVM does until it needs it.
Findings check_linkage(const ClassPath& path, const ReadClasses& read);

}  // namespace spoke::image
