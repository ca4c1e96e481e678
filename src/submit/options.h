// The options of `spoke submit`: spark-submit's own, and those that only spoke has.
// Source: launcher/SparkSubmitOptionParser and SparkSubmit's --help (Spark 3.5 to 4.3).
#pragma once

#include <span>
#include <string_view>

namespace spoke::submit {

enum class Id {
  // An option that is a property by another name, and stands before --conf.
  Property,
  // The launcher turns these into --conf: of one property's values, the last on the command line counts.
  AsConf,
  Conf,
  Master,
  Remote,
  DeployMode,
  Class,
  PropertiesFile,
  ExtraPropertiesFile,
  LoadSparkDefaults,
  ProxyUser,
  Kill,
  Status,
  Verbose,
  Version,
  Help,
  UsageError,
  TotalExecutorCores,  // of standalone clusters, and yet looked at
  Ignored,             // it means something with other masters only
  // spoke's own
  SparkVersion,
  DryRun,
  AsApplication,
  Follow,
  ExitCode,
  Jvm,
  Namespace,
  Context,
  Kubeconfig,
};

struct Option {
  Id id;
  std::string_view name;      // "--conf"
  std::string_view alias;     // "-c", or "" where there is none
  std::string_view value;     // what it takes, as help shows it: "FILE"; "" for a switch
  std::string_view property;  // of Property and AsConf
  std::string_view group;     // its heading in the help
  std::string_view meaning;
  bool value_optional = false;  // --dry-run and --dry-run=server: only after `=`
};

std::span<const Option> options();
const Option* find_option(std::string_view name);  // by name or alias; null where there is none
bool is_own(const Option& option);                 // not spark-submit's

}  // namespace spoke::submit
