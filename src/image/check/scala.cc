// Scala's minor versions are not compatible in binary form: what is built for 2.12 calls methods that 2.13's library
// has in another shape (docs.scala-lang.org/overviews/core/binary-compatibility-of-scala-releases).
#include <fmt/format.h>

#include "image/check/check.h"

namespace spoke::image {

Findings check_scala(const ImageFacts& facts) {
  Findings out;
  if (facts.scala.empty()) return out;
  for (const JarFact& jar : facts.jars) {
    const auto suffix = scala_suffix(jar.name);
    if (!suffix || suffix->scala == facts.scala) continue;
    out.push_back(
        {"scala", coordinates(jar),
         fmt::format("is built for Scala {}, and Spark {} for {}: its first call into Scala's library fails with "
                     "NoSuchMethodError or NoClassDefFoundError",
                     suffix->scala, facts.spark, facts.scala),
         fmt::format("take {}_{}", suffix->bare, facts.scala)});
  }
  return out;
}

}  // namespace spoke::image
