#include "spark/connect.h"

namespace spoke::spark {

void add_connect_package(Conf& conf, const Rules& rules) {
  if (rules.connect_included) return;
  for (const auto property : {"spark.jars", "spark.jars.packages"})
    if (conf.raw(property, "").find("spark-connect") != std::string::npos) return;
  const std::string ours = fmt::format("org.apache.spark:spark-connect_2.12:{}", rules.version);
  const std::string theirs = conf.raw("spark.jars.packages", "");
  conf.set("spark.jars.packages", theirs.empty() ? ours : theirs + "," + ours);
  conf.set_if_missing("spark.jars.ivy", "/tmp/.ivy2");  // the home of Spark's own image cannot be written to
}

}  // namespace spoke::spark
