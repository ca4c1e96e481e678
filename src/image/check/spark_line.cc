// A connector that names a line of Spark is compiled against the internals of that line (DataSource V2, Catalyst),
// which change from one to the next: iceberg.apache.org/multi-engine-support, azure-cosmos-spark's version table.
#include <fmt/format.h>

#include "image/check/check.h"

namespace spoke::image {

Findings check_spark_line(const ImageFacts& facts) {
  Findings out;
  if (facts.spark.empty()) return out;
  const std::string line = line_of(facts.spark);
  for (const JarFact& jar : facts.jars) {
    if (jar.from == JarFact::From::Spark) continue;
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
