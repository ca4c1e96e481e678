// A connector that names a line of Spark is compiled against the internals of that line (DataSource V2, Catalyst),
// which change from one to the next: iceberg.apache.org/multi-engine-support, azure-cosmos-spark's version table.
// Spark's own modules are of one release.
#include <fmt/format.h>

#include "image/check/check.h"

namespace spoke::image {

Findings check_spark_line(const ImageFacts& facts) {
  Findings out;
  if (facts.spark.empty()) return out;
  const std::string line = line_of(facts.spark);
  for (const JarFact& jar : facts.jars) {
    if (jar.from == JarFact::From::Spark) continue;
    if (jar.group == "org.apache.spark" && jar.version != facts.spark) {
      out.push_back(
          {"spark-line", coordinates(jar),
           fmt::format("is a part of Spark {}, and the image has {}: its first use fails with NoSuchMethodError or "
                       "AbstractMethodError",
                       jar.version, facts.spark),
           fmt::format("take {}:{}", jar.name, facts.spark)});
      continue;
    }
    const std::string made_for = spark_line(jar.name);
    if (made_for.empty() || made_for == line) continue;
    out.push_back({"spark-line", coordinates(jar),
                   fmt::format("is made for Spark {}, and the image has {}: the first query over it fails with "
                               "NoSuchMethodError, AbstractMethodError or ClassNotFoundException",
                               made_for, facts.spark),
                   fmt::format("take the artifact for Spark {}", line)});
  }
  return out;
}

}  // namespace spoke::image
