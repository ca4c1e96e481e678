#include "spark/draft.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace spoke::spark {
namespace {

constexpr size_t kServiceNameLength = 63;

Names names_of(const Submission& s, std::vector<std::string>& warnings) {
  Names names;
  names.prefix = resource_prefix(s.app_name(), s.ids.name);
  names.driver_pod = s.conf.text("spark.kubernetes.driver.pod.name", names.prefix + "-driver");
  names.config_map = fmt::format("spark-drv-{}-conf-map", s.ids.config_map);
  names.service = names.prefix + "-driver-svc";
  if (names.service.size() > kServiceNameLength) {
    const std::string shorter = fmt::format("spark-{}-driver-svc", s.ids.service);
    warnings.push_back(
        fmt::format("Driver's hostname would preferably be {}, but this is too long (must be <= {} "
                    "characters). Falling back to use {} as the driver service's name.",
                    names.service, kServiceNameLength, shorter));
    names.service = shorter;
  }
  return names;
}

// KubernetesDriverConf.labels.
Properties labels_of(const Submission& s) {
  constexpr std::string_view kFamily = "spark.kubernetes.driver.label.";
  const Properties preset = {{"spark-version", s.rules.version},
                             {"spark-app-selector", s.ids.app},
                             {"spark-app-name", app_name_label(s.app_name())},
                             {"spark-role", "driver"}};
  Properties labels = preset;
  for (const auto& [name, value] : s.conf.with_prefix(kFamily)) {
    if (preset.contains(name))
      throw InvalidConf(
          std::string(kFamily) + name,
          fmt::format("Label with key {} is not allowed as it is reserved for Spark bookkeeping operations.", name));
    labels[name] = s.rules.ids_in_labels ? substitute_ids(value, s.ids.app) : value;
  }
  return labels;
}

SparkPod first_pod(const Submission& s, std::vector<std::string>& warnings) {
  constexpr std::string_view kTemplate = "spark.kubernetes.driver.podTemplateFile";
  if (!s.conf.has(kTemplate)) return empty_spark_pod();
  try {
    return load_pod_template(file_of(s, kTemplate), s.conf.text("spark.kubernetes.driver.podTemplateContainerName"),
                             warnings);
  } catch (const Error& e) {
    throw InvalidConf(std::string(kTemplate), fmt::format("Could not load pod from template file. {}: {}",
                                                          s.conf.text(kTemplate, ""), e.what()));
  }
}

}  // namespace

void Draft::add_env(std::string_view name, std::string_view value) {
  json::make_array(container, "env").push_back(json::object{{"name", name}, {"value", value}});
}

void Draft::add_env_from(std::string_view name, json::object source) {
  json::make_array(container, "env").push_back(json::object{{"name", name}, {"valueFrom", std::move(source)}});
}

void Draft::add_volume(std::string_view name, std::string_view kind, json::object source) {
  json::make_array(pod, "spec.volumes").push_back(json::object{{"name", name}, {kind, std::move(source)}});
}

void Draft::add_mount(std::string_view volume, std::string_view path) {
  add_mount(json::object{{"name", volume}, {"mountPath", path}});
}

void Draft::add_mount(json::object mount) { json::make_array(container, "volumeMounts").push_back(std::move(mount)); }

Draft start_draft(const Submission& s) {
  Draft draft;
  draft.names = names_of(s, draft.warnings);
  draft.labels = labels_of(s);
  SparkPod first = first_pod(s, draft.warnings);
  draft.pod = std::move(first.pod);
  draft.container = std::move(first.container);
  return draft;
}

kube::Object named_object(std::string_view api_version, std::string_view kind, std::string_view name) {
  return json::object{{"apiVersion", api_version}, {"kind", kind}, {"metadata", json::object{{"name", name}}}};
}

kube::Object immutable_config_map(std::string_view name, const Properties& data) {
  kube::Object map = named_object("v1", "ConfigMap", name);
  json::set(map, "immutable", true);
  merge(map, "data", data);
  return map;
}

json::object to_object(const Properties& properties) {
  json::object object;
  for (const auto& [name, value] : properties) object[name] = value;
  return object;
}

std::string substitute_ids(std::string value, std::string_view app_id) {
  return replace_all(replace_all(std::move(value), "{{APP_ID}}", app_id), "{{EXECUTOR_ID}}", "");
}

void merge(json::value& object, std::string_view path, const Properties& entries) {
  if (entries.empty()) return;
  json::object& into = json::make_object(object, path);
  for (const auto& [name, value] : entries) into[name] = value;
}

}  // namespace spoke::spark
