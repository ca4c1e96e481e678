// Hadoop's configuration: the submitter's HADOOP_CONF_DIR, or a ConfigMap that is there already.
// Source: HadoopConfDriverFeatureStep (Spark 3.5 to 4.3).

#include "spark/conf_dir.h"
#include "spark/steps.h"

namespace spoke::spark {

void hadoop_conf_driver(const Submission& s, Draft& draft) {
  constexpr std::string_view kExisting = "spark.kubernetes.hadoop.configMapName";
  constexpr std::string_view kVolume = "hadoop-properties";
  constexpr std::string_view kPath = "/opt/hadoop/conf";

  const auto existing = s.conf.text(kExisting);
  if (s.hadoop_conf_dir && existing)
    throw InvalidConf(std::string(kExisting),
                      "Do not specify both the `HADOOP_CONF_DIR` in your ENV and the ConfigMap as the creation of an "
                      "additional ConfigMap, when one is already specified is extraneous");
  if (!s.hadoop_conf_dir && !existing) return;

  const std::string name = existing.value_or(draft.names.prefix + "-hadoop-config");
  json::object source{{"name", name}};
  if (s.hadoop_conf_dir) {
    Properties data;
    json::array items;
    for (const auto& [file, content] : *s.hadoop_conf_dir) {
      data.emplace(file, decode_utf8(content));
      items.push_back(json::object{{"key", file}, {"path", file}});
    }
    if (!items.empty()) source["items"] = std::move(items);
    draft.resources.push_back(immutable_config_map(name, data));
  }
  draft.add_volume(kVolume, "configMap", std::move(source));
  draft.add_mount(kVolume, kPath);
  draft.add_env("HADOOP_CONF_DIR", kPath);
  draft.properties["spark.kubernetes.executor.hadoopConfigMapName"] = name;
}

}  // namespace spoke::spark
