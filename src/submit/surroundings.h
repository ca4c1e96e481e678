// What lies around a submitter: its environment, folder and name. The edge to the machine; all else takes it as a
// value.
#pragma once

#include <optional>
#include <string>

#include "base/files.h"
#include "spark/conf.h"

namespace spoke::submit {

struct Surroundings {
  spark::Properties env;
  std::string folder = "/";  // from which relative paths are taken
  std::string user;
  std::optional<std::string> spark_version;  // of submissions that name none, and whose image's tag says none

  std::optional<std::string> variable(std::string_view name) const;  // nothing where it is not set
  std::optional<Path> spark_home() const;
  std::optional<Path> conf_dir() const;      // SPARK_CONF_DIR, else the conf of SPARK_HOME
  Path path_of(std::string_view uri) const;  // of a path, relative ones too, or a file: URI
};

// With what conf_dir's spark-env.sh adds to the environment, as bin/load-spark-env.sh has it. Throws Error where that
// script fails.
Surroundings surroundings(spark::Properties env, std::string folder);

Surroundings look_around();  // this process's own

}  // namespace spoke::submit
