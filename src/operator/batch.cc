#include "operator/batch.h"

#include <algorithm>

#include "base/strings.h"
#include "kube/quantity.h"
#include "operator/gang.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

constexpr std::string_view kVolcano = "volcano";
constexpr std::string_view kYunikorn = "yunikorn";
constexpr const char* kVolcanoApi = "scheduling.volcano.sh/v1beta1";
constexpr const char* kCoschedulingApi = "scheduling.x-k8s.io/v1alpha1";

json::object to_json(const Request& r) { return {{"cpu", r.cpu}, {"memory", fmt::format("{}Mi", r.memory_mib)}}; }

// The whole gang's.
json::object min_resources(const Spec& spec, const Gang& gang) {
  if (!spec.batch.resources.empty()) return spec.batch.resources;
  return {{"cpu", *kube::Quantity::canonical(fmt::format("{}m", gang.milli_cpus()))},
          {"memory", *kube::Quantity::canonical(fmt::format("{}Mi", gang.memory_mib()))}};
}

kube::Object pod_group(const Application& app, const PodGroupName& name, json::object spec) {
  spec["minMember"] = 1;  // the driver makes the rest
  return json::object{{"apiVersion", name.api_version},
                      {"kind", "PodGroup"},
                      {"metadata", json::object{{"name", name.name},
                                                {"namespace", app.ns},
                                                {"ownerReferences", json::array{owner_reference(app)}}}},
                      {"spec", std::move(spec)}};
}

json::object task_group(const char* name, std::int64_t members, const Request& request, const Spec& spec,
                        const PodSpec& pod) {
  json::object out{{"name", name}, {"minMember", members}, {"minResource", to_json(request)}};
  Texts selector = pod.node_selector;
  selector.insert(spec.node_selector.begin(), spec.node_selector.end());
  const auto put = [&out](const char* member, const Texts& texts) {
    if (texts.empty()) return;
    json::object values;
    for (const auto& [key, value] : texts) values[key] = value;
    out[member] = std::move(values);
  };
  put("nodeSelector", selector);
  if (!pod.tolerations.empty()) out["tolerations"] = pod.tolerations;
  if (pod.affinity) out["affinity"] = *pod.affinity;
  put("labels", pod.labels);
  return out;
}

void use_yunikorn(Spec& spec, const Gang& gang) {
  constexpr const char *kGroup = "yunikorn.apache.org/task-group-name", *kGroups = "yunikorn.apache.org/task-groups";
  constexpr const char *kDriver = "spark-driver", *kExecutor = "spark-executor";
  json::array groups{task_group(kDriver, 1, gang.driver, spec, spec.driver)};
  // A group of none is not taken.
  if (gang.executors > 0) groups.push_back(task_group(kExecutor, gang.executors, gang.executor, spec, spec.executor));
  spec.driver.annotations[kGroup] = kDriver;
  spec.driver.annotations[kGroups] = json::dump(groups);
  spec.executor.annotations[kGroup] = kExecutor;
  if (!spec.batch.queue) return;
  spec.driver.labels["queue"] = *spec.batch.queue;
  spec.executor.labels["queue"] = *spec.batch.queue;
}

kube::Object use_volcano(const Application& app, Spec& spec, const Gang& gang, const PodGroupName& name) {
  constexpr const char* kGroup = "scheduling.k8s.io/group-name";
  spec.driver.annotations.try_emplace(kGroup, name.name);
  spec.executor.annotations.try_emplace(kGroup, name.name);
  json::object group{{"minResources", min_resources(spec, gang)}};
  if (spec.batch.queue) group["queue"] = *spec.batch.queue;
  if (spec.batch.priority_class_name) group["priorityClassName"] = *spec.batch.priority_class_name;
  return pod_group(app, name, std::move(group));
}

kube::Object use_coscheduling(const Application& app, Spec& spec, const Gang& gang, const PodGroupName& name) {
  constexpr const char* kGroup = "scheduling.x-k8s.io/pod-group";
  spec.driver.labels[kGroup] = name.name;
  spec.executor.labels[kGroup] = name.name;
  return pod_group(app, name, {{"minResources", min_resources(spec, gang)}});
}

std::string scheduler_of(const std::string& named, const SchedulerOptions& options) {
  return named.empty() ? options.otherwise : named;
}

bool is_kube_scheduler(const std::string& name, const SchedulerOptions& options) {
  return std::ranges::find(options.kube_schedulers, name) != options.kube_schedulers.end();
}

}  // namespace

std::optional<PodGroupName> pod_group_of(const Application& app, const SchedulerOptions& options) {
  const std::string scheduler = scheduler_of(app.batch_scheduler, options);
  if (!options.enabled || scheduler.empty()) return std::nullopt;
  if (scheduler == kVolcano) return PodGroupName{kVolcanoApi, fmt::format("spark-{}-pg", app.name)};
  if (is_kube_scheduler(scheduler, options)) return PodGroupName{kCoschedulingApi, app.name + "-pg"};
  return std::nullopt;
}

bool has_batch_scheduler(const Spec& spec, const SchedulerOptions& options) {
  return !scheduler_of(spec.batch_scheduler.value_or(""), options).empty();
}

std::optional<kube::Object> use_batch_scheduler(const Application& app, Spec& spec, const spark::Conf& conf,
                                                const spark::Rules& rules, const SchedulerOptions& options) {
  const std::string scheduler = scheduler_of(spec.batch_scheduler.value_or(""), options);
  if (scheduler.empty()) return std::nullopt;
  spec.driver.scheduler_name = spec.executor.scheduler_name = scheduler;
  if (!options.enabled) return std::nullopt;
  const Gang gang = gang_of(spec, conf, rules);
  const auto group = pod_group_of(app, options);
  if (scheduler == kVolcano) return use_volcano(app, spec, gang, *group);
  if (group) return use_coscheduling(app, spec, gang, *group);
  if (scheduler != kYunikorn)
    throw InvalidApplication("spec.batchScheduler",
                             fmt::format("\"{}\" is neither {} nor {}, nor among the operator's --kube-scheduler-names",
                                         scheduler, kVolcano, kYunikorn));
  use_yunikorn(spec, gang);
  return std::nullopt;
}

}  // namespace spoke::op
