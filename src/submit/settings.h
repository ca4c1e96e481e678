// What arguments, files of properties and the environment say together.
// Source: SparkSubmitArguments (Spark 3.5 to 4.3).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spark/submission.h"
#include "submit/arguments.h"
#include "submit/surroundings.h"

namespace spoke::submit {

struct Settings {
  spark::Conf conf;                   // of every source by their precedence, the environment with it
  std::optional<std::string> master;  // as it was given
  bool cluster_mode = false;          // else the driver is to run here
  std::string spark_version;          // whose rules count
  std::string version_source;         // and why, for --verbose
  std::vector<std::string> files;     // that were read
  std::vector<std::string> warnings;
};

// Throws BadArguments, spark::InvalidConf or Error.
Settings read_settings(const Arguments& arguments, const Surroundings& around);

// Where spark-submit's own program must do it: another master than Kubernetes, a remote, an example.
bool needs_spark(const Arguments& arguments, const Settings& settings);

}  // namespace spoke::submit
