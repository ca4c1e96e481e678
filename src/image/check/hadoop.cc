// Hadoop's modules are released together and work together only then: "do not attempt to mix" (hadoop-aws,
// troubleshooting_s3a: Classpath Setup; Spark's cloud-integration: the hadoop-cloud modules of the same version).
#include <fmt/format.h>

#include "image/check/check.h"

namespace spoke::image {

Findings check_hadoop(const ImageFacts& facts) {
  std::string shipped;
  for (const JarFact& jar : facts.jars)
    if (jar.from == JarFact::From::Spark &&
        (jar.name == "hadoop-client-api" || (shipped.empty() && jar.name == "hadoop-common")))
      shipped = jar.version;
  Findings out;
  if (shipped.empty()) return out;
  for (const JarFact& jar : facts.jars) {
    const bool of_hadoop = jar.group == "org.apache.hadoop" || (jar.group.empty() && jar.name.starts_with("hadoop-"));
    // Libraries of Hadoop's project that have versions of their own.
    const bool apart = jar.name.starts_with("hadoop-shaded-") || jar.group == "org.apache.hadoop.thirdparty";
    if (jar.from == JarFact::From::Spark || !of_hadoop || apart || jar.version.empty() || jar.version == shipped)
      continue;
    out.push_back(
        {"hadoop", coordinates(jar),
         fmt::format(
             "is of Hadoop {}, and Spark {} has {}: the first use of its file system fails with "
             "NoSuchMethodError, NoClassDefFoundError or IllegalAccessError, or with NumberFormatException over "
             "the other's defaults (\"60s\")",
             jar.version, facts.spark, shipped),
         fmt::format("take {}:{}", jar.name, shipped)});
  }
  return out;
}

}  // namespace spoke::image
