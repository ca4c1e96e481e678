// Volcano's PodGroup, for who schedules with it: the group exists before the driver, which names it in an annotation.
// Source: VolcanoFeatureStep (Spark 3.5 to 4.3), asked for by spark.kubernetes.driver.pod.featureSteps.

#include <fmt/format.h>

#include "data/yaml.h"
#include "spark/steps.h"

namespace spoke::spark {
namespace {

constexpr std::string_view kFile = "spark.kubernetes.scheduler.volcano.podGroupTemplateFile";
constexpr std::string_view kJson = "spark.kubernetes.scheduler.volcano.podGroupTemplateJson";

kube::Object pod_group(const Submission& s) {
  const bool inline_json = s.conf.has(kJson);
  if (!inline_json && !s.conf.has(kFile)) return json::object{};
  const std::string_view property = inline_json ? kJson : kFile;
  try {
    kube::Object group = yaml::parse(inline_json ? s.conf.text(kJson, "") : file_of(s, kFile));
    if (!group.is_object()) fail("it is not an object");
    return group;
  } catch (const Error& e) {
    throw InvalidConf(std::string(property), fmt::format("{} holds no PodGroup: {}", property, e.what()));
  }
}

}  // namespace

void volcano(const Submission& s, Draft& draft) {
  const std::string name = s.ids.app + "-podgroup";
  kube::Object group = pod_group(s);
  json::set(group, "apiVersion", "scheduling.volcano.sh/v1beta1");
  json::set(group, "kind", "PodGroup");
  json::set(group, "metadata.name", name);
  json::set(group, "metadata.namespace", s.ns());
  json::make_object(group, "spec");
  draft.pre_resources.push_back(std::move(group));
  merge(draft.pod, "metadata.annotations", {{"scheduling.k8s.io/group-name", name}});
}

}  // namespace spoke::spark
