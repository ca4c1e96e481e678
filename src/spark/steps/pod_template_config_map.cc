// The executors' pod template, which the driver reads: it travels in a ConfigMap.
// Source: PodTemplateConfigMapStep (Spark 3.5 to 4.3).

#include "spark/conf_dir.h"
#include "spark/steps.h"

namespace spoke::spark {

void pod_template_config_map(const Submission& s, Draft& draft) {
  constexpr std::string_view kTemplate = "spark.kubernetes.executor.podTemplateFile";
  constexpr std::string_view kKey = "podspec-configmap-key";
  constexpr std::string_view kFile = "pod-spec-template.yml";
  constexpr std::string_view kVolume = "pod-template-volume";
  constexpr std::string_view kPath = "/opt/spark/pod-template";
  if (!s.conf.has(kTemplate)) return;

  const std::string name = draft.names.prefix + "-driver-podspec-conf-map";
  draft.resources.push_back(immutable_config_map(name, {{std::string(kKey), decode_utf8(file_of(s, kTemplate))}}));
  draft.add_volume(kVolume, "configMap",
                   {{"name", name}, {"items", json::array{json::object{{"key", kKey}, {"path", kFile}}}}});
  draft.add_mount(kVolume, kPath);
  draft.properties[std::string(kTemplate)] = std::string(kPath) + "/" + std::string(kFile);
}

}  // namespace spoke::spark
