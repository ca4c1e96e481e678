#include "operator/properties.h"

#include <filesystem>

#include "base/strings.h"
#include "operator/labels.h"
#include "operator/local_dirs.h"

namespace spoke::op {
namespace {

using spark::Properties;

// Not given to pods: they would put the pods into Kueue's queue a second time (kubeflow/spark-operator#2669).
constexpr std::string_view kKueuePrefix = "kueue.x-k8s.io/";

// The words in which the properties of driver and executors differ.
struct Role {
  std::string spark;       // "spark.driver."
  std::string kubernetes;  // "spark.kubernetes.driver."
  std::string env;         // "spark.kubernetes.driverEnv."
};
const Role kDriver{"spark.driver.", "spark.kubernetes.driver.", "spark.kubernetes.driverEnv."};
const Role kExecutor{"spark.executor.", "spark.kubernetes.executor.", "spark.executorEnv."};

void put(Properties& to, const std::string& name, const std::optional<std::string>& value) {
  if (value) to[name] = *value;
}

void put_some(Properties& to, const std::string& name, const std::optional<std::string>& value) {
  if (value && !value->empty()) to[name] = *value;
}

void put(Properties& to, const std::string& name, const std::optional<std::int64_t>& value) {
  if (value) to[name] = std::to_string(*value);
}

void put_list(Properties& to, const std::string& name, const std::vector<std::string>& values) {
  if (!values.empty()) to[name] = join(values, ",");
}

void put_all(Properties& to, const std::string& prefix, const Texts& values) {
  for (const auto& [name, value] : values) to[prefix + name] = value;
}

std::string below(const std::string& folder, const char* file) {
  return (std::filesystem::path(folder) / file).lexically_normal().string();
}

void labels(Properties& to, const Role& role, const Application& app, const PodSpec& pod) {
  const std::string prefix = role.kubernetes + "label.";
  for (const auto& [name, value] : app.labels)
    if (!name.starts_with(kKueuePrefix)) to[prefix + name] = value;
  put_all(to, prefix, pod.labels);
  // By these the operator finds its pods again, so nothing that was written above may stand in their place.
  to[prefix + std::string(label::app_name)] = app.name;
  to[prefix + std::string(label::launched_by)] = "true";
  if (!pod.pod_template) to[prefix + std::string(label::mutated_by)] = "true";
  to[prefix + std::string(label::submission_id)] = app.status.submission_id;
}

void secrets(Properties& to, const Role& role, const PodSpec& pod) {
  for (const auto& secret : pod.secrets) {
    to[role.kubernetes + "secrets." + secret.name] = secret.path;
    if (secret.type == "GCPServiceAccount")
      to[role.env + "GOOGLE_APPLICATION_CREDENTIALS"] = below(secret.path, "key.json");
    if (secret.type == "HadoopDelegationToken")
      to[role.env + "HADOOP_TOKEN_FILE_LOCATION"] = below(secret.path, "hadoop.token");
  }
}

void pod_properties(Properties& to, const Role& role, const Application& app, const Spec& spec, const PodSpec& pod) {
  put_some(to, role.kubernetes + "container.image", pod.image && !pod.image->empty() ? pod.image : spec.image);
  put(to, role.spark + "cores", pod.cores);
  put(to, role.kubernetes + "request.cores", pod.core_request);
  put(to, role.kubernetes + "limit.cores", pod.core_limit);
  put(to, role.spark + "memory", pod.memory);
  put(to, role.spark + "memoryOverhead", pod.memory_overhead);
  put(to, "spark.kubernetes.authenticate." + role.spark.substr(6) + "serviceAccountName", pod.service_account);
  put(to, role.spark + "extraJavaOptions", pod.java_options);
  put_all(to, role.kubernetes + "annotation.", pod.annotations);
  for (const auto& [name, ref] : pod.env_secret_key_refs)
    to[role.kubernetes + "secretKeyRef." + name] = ref.name + ":" + ref.key;
  put_all(to, role.env, pod.env_vars);
  secrets(to, role, pod);
  local_dirs(to, role.kubernetes + "volumes.", spec.volumes, pod);
  labels(to, role, app, pod);
}

void executor_only(Properties& to, const ExecutorSpec& executor) {
  put(to, "spark.executor.instances", executor.instances);
  if (executor.delete_on_termination)
    to["spark.kubernetes.executor.deleteOnTermination"] = *executor.delete_on_termination ? "true" : "false";
  // These two Spark writes over what the executor pod template says (since 4.1 and 4.3), so they go by property too.
  if (executor.termination_grace_period_seconds)
    to["spark.kubernetes.executor.terminationGracePeriodSeconds"] =
        std::to_string(*executor.termination_grace_period_seconds) + "s";
  if (executor.security_context && json::flag(*executor.security_context, "allowPrivilegeEscalation"))
    to["spark.kubernetes.executor.securityContext.allowPrivilegeEscalation"] = "true";
}

}  // namespace

void add_dynamic_allocation(Properties& to, const DynamicAllocation& dynamic) {
  if (!dynamic.enabled) return;
  to["spark.dynamicAllocation.enabled"] = "true";
  put(to, "spark.dynamicAllocation.initialExecutors", dynamic.initial_executors);
  put(to, "spark.dynamicAllocation.minExecutors", dynamic.min_executors);
  put(to, "spark.dynamicAllocation.maxExecutors", dynamic.max_executors);
  to["spark.dynamicAllocation.shuffleTracking.enabled"] = dynamic.shuffle_tracking_enabled ? "true" : "false";
  put(to, "spark.dynamicAllocation.shuffleTracking.timeout", dynamic.shuffle_tracking_timeout);
}

Properties properties_of(const Application& app, const Spec& spec) {
  Properties p;
  p["spark.kubernetes.namespace"] = app.ns;
  put_some(p, "spark.kubernetes.container.image", spec.image);
  put_some(p, "spark.kubernetes.container.image.pullPolicy", spec.image_pull_policy);
  put_list(p, "spark.kubernetes.container.image.pullSecrets", spec.image_pull_secrets);
  put_some(p, "spark.kubernetes.pyspark.pythonVersion", spec.python_version);
  put_some(p, "spark.kubernetes.memoryOverheadFactor", spec.memory_overhead_factor);
  p["spark.kubernetes.submission.waitAppCompletion"] = "false";

  put_all(p, "", spec.spark_conf);
  put_all(p, "spark.hadoop.", spec.hadoop_conf);

  p["spark.kubernetes.driver.pod.name"] = driver_pod_name(app, spec);
  pod_properties(p, kDriver, app, spec, spec.driver);
  put(p, "spark.kubernetes.driver.master", spec.driver.kubernetes_master);
  put_all(p, "spark.kubernetes.driver.service.label.", spec.driver.service_labels);
  put_all(p, "spark.kubernetes.driver.service.annotation.", spec.driver.service_annotations);
  pod_properties(p, kExecutor, app, spec, spec.executor);
  executor_only(p, spec.executor);
  put_all(p, "spark.kubernetes.node.selector.", spec.node_selector);
  if (spec.dynamic_allocation) add_dynamic_allocation(p, *spec.dynamic_allocation);

  // Named options (--name, --jars, ...) beat the same property by --conf.
  p["spark.app.name"] = app.name;
  put_list(p, "spark.jars", spec.deps.jars);
  put_list(p, "spark.jars.packages", spec.deps.packages);
  put_list(p, "spark.jars.excludes", spec.deps.exclude_packages);
  put_list(p, "spark.jars.repositories", spec.deps.repositories);
  put_list(p, "spark.submit.pyFiles", spec.deps.py_files);
  put_list(p, "spark.files", spec.deps.files);
  put_list(p, "spark.archives", spec.deps.archives);
  return p;
}

}  // namespace spoke::op
