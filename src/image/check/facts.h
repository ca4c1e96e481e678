// What an image's parts say of themselves: what a check looks at. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spoke::image {

// A jar on Spark's class path.
struct JarFact {
  enum class From { Spark, Maven, Jars };
  std::string group;    // "" where its file name is all that is known
  std::string name;     // "iceberg-spark-runtime-3.5_2.12"
  std::string version;  // "1.10.0"; "" where its name tells none
  From from = From::Jars;
  bool asked_for = false;  // by the recipe; else something else needs it
};

// What an artifact needs at run time, by its POM.
struct NeedFact {
  std::string of;  // "org.apache.hadoop:hadoop-aws:3.3.4"
  std::string group, name, version;
};

struct ImageFacts {
  std::string spark, scala;  // "4.1.4", "2.13"; "" where there is none
  int java = 0;              // 0: not known
  std::string python;        // "3.11"; "" where it is not known
  std::vector<JarFact> jars;
  std::vector<NeedFact> needs;                         // of artifacts that come without their closure
  std::map<std::string, std::string> python_packages;  // versions by names in pip's normal form; as far as is known
};

// Of a file such as "iceberg-spark-runtime-3.5_2.12-1.10.0.jar".
JarFact read_jar_name(std::string_view file);

struct ScalaSuffix {
  std::string bare;   // the name without it
  std::string scala;  // "2.12"
};
// "delta-spark_2.13", "azure-cosmos-spark_3-5_2-12". Nothing for what is of no Scala.
std::optional<ScalaSuffix> scala_suffix(std::string_view name);

// The line of Spark that an artifact is made for, by its name: "3.5" of both "iceberg-spark-runtime-3.5_2.12" and
// "azure-cosmos-spark_3-5_2-12". "" where it does not say.
std::string spark_line(std::string_view name);

std::string line_of(std::string_view version);  // "4.1" of "4.1.4"

}  // namespace spoke::image
