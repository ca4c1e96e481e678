#include "spark/driver.h"

#include <fmt/format.h>

#include <algorithm>

#include "spark/conf_dir.h"
#include "spark/draft.h"
#include "spark/properties_text.h"
#include "spark/steps.h"
#include "spark/volumes.h"

namespace spoke::spark {
namespace {

constexpr std::string_view kConfVolume = "spark-conf-volume-driver";
constexpr std::string_view kConfPath = "/opt/spark/conf";
constexpr std::string_view kPropertiesFile = "spark.properties";
constexpr std::string_view kNamespace = "spark.kubernetes.namespace";
constexpr std::int64_t kMaxConfigMap = 1048576;
constexpr std::string_view kVolcano = "VolcanoFeatureStep";

struct Step {
  std::string_view name;  // Spark's class, in org.apache.spark.deploy.k8s.features
  void (*apply)(const Submission&, Draft&);
};

// KubernetesDriverBuilder.
constexpr Step kSteps[] = {
    {"BasicDriverFeatureStep", basic_driver},
    {"DriverKubernetesCredentialsFeatureStep", driver_kubernetes_credentials},
    {"DriverServiceFeatureStep", driver_service},
    {"NetworkPolicyFeatureStep", network_policy},
    {"MountSecretsFeatureStep", mount_secrets},
    {"EnvSecretsFeatureStep", env_secrets},
    {"MountVolumesFeatureStep", mount_volumes},
    {"DriverCommandFeatureStep", driver_command},
    {"HadoopConfDriverFeatureStep", hadoop_conf_driver},
    {"KerberosConfDriverFeatureStep", kerberos_conf_driver},
    {"PodTemplateConfigMapStep", pod_template_config_map},
    {"LocalDirsFeatureStep", local_dirs},
};

std::string class_name(std::string_view step) { return fmt::format("org.apache.spark.deploy.k8s.features.{}", step); }

// The steps that the user adds: classes of a JVM, of which only Volcano's has a counterpart here.
std::vector<Step> user_steps(const Conf& conf) {
  constexpr std::string_view kUserSteps = "spark.kubernetes.driver.pod.featureSteps";
  std::vector<Step> steps;
  for (const auto& name : conf.list(kUserSteps)) {
    if (name != class_name(kVolcano))
      throw InvalidConf(
          std::string(kUserSteps),
          fmt::format("{} names {}, a class that only a JVM can load; of the user's steps, spoke knows {}", kUserSteps,
                      name, class_name(kVolcano)));
    steps.push_back({kVolcano, volcano});
  }
  return steps;
}

void apply_steps(const Submission& s, Draft& draft) {
  std::vector<Step> steps(std::begin(kSteps), std::end(kSteps));
  for (const auto& step : user_steps(s.conf)) steps.push_back(step);
  std::vector<std::string> excluded;
  if (s.rules.excluded_steps) excluded = s.conf.list("spark.kubernetes.driver.pod.excludedFeatureSteps");
  for (const auto& step : steps) {
    if (std::find(excluded.begin(), excluded.end(), class_name(step.name)) == excluded.end()) {
      step.apply(s, draft);
    } else {
      Draft unused = draft;  // Spark makes the steps before it leaves some out, so what one refuses stays refused
      step.apply(s, unused);
    }
  }
}

std::int64_t max_size(const Conf& conf) {
  constexpr std::string_view kMaxSize = "spark.kubernetes.configMap.maxSize";
  const std::int64_t size = conf.bytes(kMaxSize, kMaxConfigMap);
  if (size > kMaxConfigMap) throw unmet_requirement(kMaxSize, std::to_string(size), "Must have at most 1048576 bytes");
  return size;
}

kube::Object build_config_map(const Submission& s, const std::string& name, const Properties& files) {
  kube::Object map = immutable_config_map(name, files);
  json::set(map, "metadata.namespace", s.ns());
  json::make_object(map, "data")[kNamespace] = s.ns();  // Spark's way of passing the namespace on; it is no file
  return map;
}

void mount_conf(Draft& draft, const Properties& files) {
  json::array items;
  for (const auto& [file, content] : files)
    items.push_back(json::object{{"key", file}, {"path", file}, {"mode", 0644}});
  draft.add_env("SPARK_CONF_DIR", kConfPath);
  draft.add_volume(kConfVolume, "configMap", {{"name", draft.names.config_map}, {"items", std::move(items)}});
  draft.add_mount(kConfVolume, kConfPath);
}

}  // namespace

std::string DriverObjects::submission_id() const { return fmt::format("{}:{}", ns, kube::name(pod)); }

DriverObjects build_driver(const Submission& submission) {
  std::vector<std::string> warnings;
  const Submission s = with_submit_rules(submission, warnings);
  parse_volumes(s.conf, kExecutorVolumes, s.rules);  // the driver will need them: better to fail now

  Draft draft = start_draft(s);
  draft.warnings.insert(draft.warnings.begin(), warnings.begin(), warnings.end());
  apply_steps(s, draft);

  DriverObjects objects;
  objects.properties = s.conf.all();
  for (auto& [property, value] : draft.properties) objects.properties[property] = std::move(value);

  Properties files = select_conf_files(s.conf_dir.value_or(Properties()), max_size(s.conf), draft.warnings);
  files[std::string(kPropertiesFile)] = store_properties(
      objects.properties,
      fmt::format("Java properties built from Kubernetes config map with name: {}", draft.names.config_map), s.ids.now);
  objects.config_map = build_config_map(s, draft.names.config_map, files);
  mount_conf(draft, files);
  json::make_array(draft.pod, "spec.containers").push_back(std::move(draft.container));

  objects.ns = s.ns();
  objects.app_id = s.ids.app;
  objects.pre_resources = std::move(draft.pre_resources);
  objects.pod = std::move(draft.pod);
  objects.resources = std::move(draft.resources);
  objects.warnings = std::move(draft.warnings);
  return objects;
}

void own(DriverObjects& objects, const kube::Object& pod) {
  const json::array owner = {json::object{
      {"apiVersion", "v1"}, {"kind", "Pod"}, {"name", kube::name(pod)}, {"uid", kube::uid(pod)}, {"controller", true}}};
  for (auto& object : objects.pre_resources) json::set(object, "metadata.ownerReferences", owner);
  for (auto& object : objects.resources) json::set(object, "metadata.ownerReferences", owner);
  json::set(objects.config_map, "metadata.ownerReferences", owner);
}

}  // namespace spoke::spark
