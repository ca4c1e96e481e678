#include "image/build/fitting.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "image/build/check_classes.h"
#include "image/spark_image.h"

namespace spoke::image {
namespace {

void refuse(const Findings& findings, const FittingOptions& options) {
  if (findings.empty()) return;
  if (!options.force) throw Misfits(findings);
  std::string lines;
  for (const Finding& finding : findings)
    lines += fmt::format("\n  {}: {} {}; {}", finding.rule, finding.subject, finding.problem, finding.remedy);
  options.say("built although its parts do not fit:" + lines);
}

}  // namespace

std::vector<std::string> configuration_in(const Recipe& recipe) {
  constexpr auto names =
      std::to_array<std::string_view>({"spark-defaults.conf", "spark-env.sh", "log4j2.properties", "log4j.properties",
                                       "metrics.properties", "fairscheduler.xml"});
  std::vector<std::string> out;
  for (size_t i = 0; i < recipe.files.size(); ++i) {
    const Path to = Path(recipe.files[i].place()).lexically_normal();
    const std::string name = to.filename().string();
    if (std::ranges::find(names, name) != names.end() || name.ends_with("-site.xml") ||
        to.string().starts_with(std::string(spark_path) + "/conf"))
      out.push_back(fmt::format("files[{}]: {} is configuration, and an image holds code alone", i, to.string()));
  }
  return out;
}

Examined examine_fitting(const Recipe& recipe, const Path& folder, const BuildCache& cache, const MavenCache& maven,
                         const FittingOptions& options) {
  const std::vector<std::string> configuration = configuration_in(recipe);
  if (!configuration.empty() && !options.force)
    fail(
        "{}; mount it from a ConfigMap (spec.sparkConfigMap, or SPARK_CONF_DIR of `spoke submit`), or build with "
        "--force",
        join(configuration, "; "));
  Examined out = examine(recipe, folder, cache, options.registries, options.renew, options.say);
  refuse(out.findings, options);
  refuse(check_classes(out, recipe, folder, cache, maven), options);
  return out;
}

}  // namespace spoke::image
