// The families spark.kubernetes.{driver,executor}.volumes.TYPE.NAME.…: what a user asks to be mounted.
// Source: KubernetesVolumeUtils (Spark 3.5 to 4.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spark/conf.h"
#include "spark/versions.h"

namespace spoke::spark {

inline constexpr std::string_view kDriverVolumes = "spark.kubernetes.driver.volumes.";
inline constexpr std::string_view kExecutorVolumes = "spark.kubernetes.executor.volumes.";

struct Volume {
  enum class Type { HostPath, Claim, EmptyDir, Nfs };

  Type type = Type::EmptyDir;
  std::string name;
  std::string mount_path;
  std::string sub_path;
  std::string sub_path_expr;
  bool read_only = false;

  std::string path;                          // hostPath, nfs
  std::string host_type;                     // hostPath: "" for no check
  std::string server;                        // nfs
  std::string medium;                        // emptyDir
  std::optional<std::string> size_limit;     // emptyDir, claims on demand
  std::string claim_name;                    // may hold "OnDemand"
  std::optional<std::string> storage_class;  // claims on demand
  Properties labels;                         // of a claim that is made
  Properties annotations;
};

// The volumes under `prefix` (kDriverVolumes or kExecutorVolumes), by type and name. Throws InvalidConf where an option
// is missing or makes no sense.
std::vector<Volume> parse_volumes(const Conf& conf, std::string_view prefix, const Rules& rules);

}  // namespace spoke::spark
