// SPARK_LOCAL_DIRS: volumes that the user named for it, or an emptyDir for each directory.
// Source: LocalDirsFeatureStep (Spark 3.5 to 4.3).

#include <fmt/format.h>

#include <random>

#include "base/strings.h"
#include "spark/steps.h"

namespace spoke::spark {
namespace {

constexpr std::string_view kVolumePrefix = "spark-local-dir-";

std::vector<std::string> mounted(const Draft& draft) {
  std::vector<std::string> paths;
  for (const auto& mount : json::list(draft.container, "volumeMounts"))
    if (json::str(mount, "name").starts_with(kVolumePrefix)) paths.emplace_back(json::str(mount, "mountPath"));
  return paths;
}

std::vector<std::string> configured(const Submission& s) {
  const std::string own = fmt::format("/var/data/spark-{}", s.ids.local_dir);
  auto paths = split(s.conf.env("SPARK_LOCAL_DIRS").value_or(s.conf.raw("spark.local.dir", own)), ',');
  while (paths.size() > 1 && paths.back().empty()) paths.pop_back();  // as Java splits
  // Spark shuffles them, so that pods with the same list of disks do not all begin with the first.
  std::minstd_rand random(s.ids.shuffle);
  for (size_t i = paths.size(); i > 1; --i) std::swap(paths[i - 1], paths[random() % i]);
  return paths;
}

}  // namespace

void local_dirs(const Submission& s, Draft& draft) {
  auto paths = mounted(draft);
  if (paths.empty()) {
    paths = configured(s);
    const bool in_memory = s.conf.flag("spark.kubernetes.local.dirs.tmpfs", false);
    for (size_t i = 0; i < paths.size(); ++i) {
      const std::string volume = fmt::format("{}{}", kVolumePrefix, i + 1);
      draft.add_volume(volume, "emptyDir", in_memory ? json::object{{"medium", "Memory"}} : json::object());
      draft.add_mount(volume, paths[i]);
    }
  }
  draft.add_env("SPARK_LOCAL_DIRS", join(paths, ","));
}

}  // namespace spoke::spark
