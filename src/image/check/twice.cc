// Of two versions of one artifact on a class path the JVM loads each class from whichever comes first: some of one,
// some of the other. Spark's own jars and those beside them are one path, jars/*, whose order is the file system's.
#include <fmt/format.h>

#include <map>

#include "image/check/check.h"

namespace spoke::image {

Findings check_twice(const ImageFacts& facts) {
  std::map<std::string, const JarFact*> first;
  Findings out;
  for (const JarFact& jar : facts.jars) {
    const auto suffix = scala_suffix(jar.name);
    const auto [before, fresh] = first.try_emplace(suffix ? suffix->bare : jar.name, &jar);
    if (fresh) continue;
    const JarFact& other = *before->second;
    // jline:jline is not org.jline:jline. Where one of them does not say, they are taken for the same.
    if (!other.group.empty() && !jar.group.empty() && other.group != jar.group) continue;
    // One artifact for several processors, or the same file twice.
    if (other.version == jar.version || (other.from == JarFact::From::Spark && jar.from == JarFact::From::Spark))
      continue;
    // What something needs and Spark ships is left out of the image.
    if (other.from == JarFact::From::Spark && jar.from == JarFact::From::Maven && !jar.asked_for) continue;
    out.push_back(
        {"twice", coordinates(jar),
         fmt::format("is on the class path beside {}{}: classes of both are loaded, and one that the other has not "
                     "fails with NoSuchMethodError",
                     coordinates(other), other.from == JarFact::From::Spark ? ", which Spark ships" : ""),
         other.from == JarFact::From::Spark ? "leave it out" : "keep one of them"});
  }
  return out;
}

}  // namespace spoke::image
