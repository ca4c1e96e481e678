// The Spark distributions of a machine: where they may be, and which version each is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/machine.h"

namespace spoke::image {

struct SparkHome {
  Path dir;             // canonical
  std::string version;  // "4.1.4", "4.2.0-preview1"
  std::string scala;    // "2.13"

  // The folders of PySpark's sources and archives: `python` of Spark's own layout; in pip's, where the home is the
  // package itself, the sources are the home.
  Path python_sources() const;
  Path python_archives() const { return dir / "python/lib"; }
};

// From the name of jars/spark-core_SCALA-VERSION.jar. Nothing where there is none.
std::optional<SparkHome> inspect_spark_home(const Path& dir);

// SPARK_HOME's; those of `extra` (each a home, or a folder of homes); SPOKE_SPARK's or XDG_DATA_HOME's spoke-spark/*,
// also of the user who called sudo; the pyspark packages of VIRTUAL_ENV, of the python3 on PATH (pyenv's too), of the
// user and of /usr. In this order, each once.
std::vector<SparkHome> find_spark_homes(const Machine& machine, const std::vector<Path>& extra);

// By numbers; a preview comes before its release.
bool version_less(std::string_view a, std::string_view b);

// A tag as apache/spark's images have it: "4.1.4", "4.1.4-scala2.13-java17-python3-ubuntu", "latest", "python3".
struct SparkTag {
  std::string version;  // "": the newest
  std::string scala;    // "": any
  int java = 0;         // 0: the best there is
};
std::optional<SparkTag> parse_spark_tag(std::string_view tag);  // nothing where it says what local/spark cannot be

// The first home that the tag fits; the newest where it names no version.
std::optional<SparkHome> choose_spark(const std::vector<SparkHome>& homes, const SparkTag& tag);

}  // namespace spoke::image
