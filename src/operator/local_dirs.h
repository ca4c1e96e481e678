// Spark's scratch space: volumes named spark-local-dir-*, which go to Spark as properties, since only Spark's own
// mounts become SPARK_LOCAL_DIRS.
#pragma once

#include <string>

#include "operator/application.h"
#include "spark/conf.h"

namespace spoke::op {

// `prefix` is "spark.kubernetes.driver.volumes." or that of executors. Throws InvalidApplication where a mount names no
// volume, or one of a type that Spark has no property for.
void local_dirs(spark::Properties& to, const std::string& prefix, const json::array& volumes, const PodSpec& pod);

}  // namespace spoke::op
