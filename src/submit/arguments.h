// A command line of spark-submit, read as spark-submit reads it.
// Source: launcher/SparkSubmitOptionParser, SparkSubmitCommandBuilder and SparkSubmitArguments (Spark 3.5 to 4.3).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "spark/conf.h"

namespace spoke::submit {

enum class Action { Submit, Kill, Status, Help, UsageError, Version };
enum class DryRun { No, Client, Server };

struct Arguments {
  Action action = Action::Submit;
  std::string submission_id;  // of --kill and --status

  std::optional<std::string> master, remote, deploy_mode, main_class, proxy_user, properties_file, total_executor_cores;
  std::vector<std::string> extra_properties_files;
  bool load_spark_defaults = false;
  bool verbose = false;
  spark::Properties conf;   // --conf, and what counts as such
  spark::Properties named;  // options that stand before --conf, by their property

  std::optional<std::string> resource;  // jar, .py or .R
  std::vector<std::string> args;        // the application's own

  // spoke's own.
  std::optional<std::string> spark_version;
  DryRun dry_run = DryRun::No;
  bool as_application = false;
  bool follow = false;
  bool spark_exit_code = false;
  bool jvm = false;
  std::optional<std::string> ns, context;
  std::string kubeconfig;

  std::vector<std::string> for_spark;  // the command line without spoke's own options
};

// A command line that spark-submit would refuse, in its words.
class BadArguments : public Error {
 public:
  using Error::Error;
};

// Pure: touches no file and no environment. Throws BadArguments.
Arguments parse_arguments(const std::vector<std::string>& words);

}  // namespace spoke::submit
