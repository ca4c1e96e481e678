#include "operator/pod_fields.h"

#include <algorithm>

#include "base/strings.h"
#include "operator/executor_fields.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

constexpr size_t kLongestVolumeName = 63;

json::array& list_at(json::value& v, std::string_view path) {
  const json::value* found = json::find(v, path);
  if (found != nullptr && !found->is_null() && !found->is_array()) throw InvalidApplication(path, "must be a list");
  return json::make_array(v, path);
}

void append(json::array& to, const json::array& items) { to.insert(to.end(), items.begin(), items.end()); }

// Adds the container unless one of the same name and image is there.
void add_container(json::array& to, const json::value& container) {
  for (const auto& c : to)
    if (json::str(c, "name") == json::str(container, "name") && json::str(c, "image") == json::str(container, "image"))
      return;
  to.push_back(container);
}

bool has_named(const json::array& items, std::string_view name) {
  for (const auto& item : items)
    if (json::str(item, "name") == name) return true;
  return false;
}

// A pod under way, with the place of its Spark container.
class PodDraft {
 public:
  PodDraft(json::value& document, std::string_view container) : document_(document) {
    json::array& containers = list_at(document_, "spec.containers");
    if (containers.empty()) containers.push_back(json::object{{"name", container}});
    for (size_t i = 0; i < containers.size(); ++i) {
      if (!containers[i].is_object())
        throw InvalidApplication(fmt::format("spec.containers[{}]", i), "must be an object");
      if (json::str(containers[i], "name") == container) index_ = i;
    }
  }

  json::value& document() { return document_; }
  json::value& container() { return list_at(document_, "spec.containers")[index_]; }
  void set(std::string_view path, json::value v) { json::set(document_, path, std::move(v)); }
  void set_some(std::string_view path, const std::optional<json::value>& v) {
    if (v) json::set(document_, path, *v);
  }
  void append_to(std::string_view path, const json::array& items) {
    if (!items.empty()) append(list_at(document_, path), items);
  }
  void append_to_container(std::string_view path, const json::array& items) {
    if (!items.empty()) append(list_at(container(), path), items);
  }
  void add_env(std::string_view name, std::string_view value) {
    list_at(container(), "env").push_back(json::object{{"name", name}, {"value", value}});
  }
  void mount_config_map(std::string_view name, std::string_view volume, std::string_view path) {
    list_at(document_, "spec.volumes")
        .push_back(json::object{{"name", volume}, {"configMap", json::object{{"name", name}}}});
    list_at(container(), "volumeMounts")
        .push_back(json::object{{"name", volume}, {"readOnly", true}, {"mountPath", path}});
  }

 private:
  json::value& document_;
  size_t index_ = 0;
};

void environment(PodDraft& pod, const PodSpec& fields) {
  pod.append_to_container("env", fields.env);
  pod.append_to_container("envFrom", fields.env_from);
}

void config_maps(PodDraft& pod, const Spec& spec, const PodSpec& fields) {
  if (spec.hadoop_config_map) {
    pod.mount_config_map(*spec.hadoop_config_map, "hadoop-configmap-volume", "/etc/hadoop/conf");
    pod.add_env("HADOOP_CONF_DIR", "/etc/hadoop/conf");
  }
  if (spec.spark_config_map) {
    // On executors Spark's own SPARK_CONF_DIR comes later and wins, unless the webhook has it otherwise.
    pod.mount_config_map(*spec.spark_config_map, "spark-configmap-volume", "/etc/spark/conf");
    pod.add_env("SPARK_CONF_DIR", "/etc/spark/conf");
  }
  for (const auto& map : fields.config_maps)
    pod.mount_config_map(map.name, (map.name + "-vol").substr(0, kLongestVolumeName), map.path);
}

// Puts the volume of that name from spec.volumes into the pod; false where there is none. One that the template brings
// stays as it is.
bool add_volume(PodDraft& pod, const Spec& spec, std::string_view name) {
  json::array& there = list_at(pod.document(), "spec.volumes");
  if (has_named(there, name)) return true;
  for (const auto& volume : spec.volumes)
    if (json::str(volume, "name") == name) {
      there.push_back(volume);
      return true;
    }
  return false;
}

void volumes(PodDraft& pod, const Spec& spec, const PodSpec& fields) {
  for (size_t i = 0; i < fields.volume_mounts.size(); ++i) {
    const json::value& mount = fields.volume_mounts[i];
    const std::string_view name = json::str(mount, "name");
    if (name.starts_with(kLocalDirPrefix)) continue;  // by property: operator/local_dirs.h
    if (!add_volume(pod, spec, name))
      throw InvalidApplication(fmt::format("{}.volumeMounts[{}]", fields.field, i),
                               fmt::format("volume {} not found in spec.volumes", name));
    list_at(pod.container(), "volumeMounts").push_back(mount);
  }
  // What only a sidecar or an init container mounts: the API server says so where there is no such volume.
  for (const auto* containers : {&fields.sidecars, &fields.init_containers})
    for (const auto& container : *containers)
      for (const auto& mount : json::list(container, "volumeMounts")) add_volume(pod, spec, json::str(mount, "name"));
}

void resources(PodDraft& pod, const PodSpec& fields) {
  if (fields.memory_limit)
    json::set(pod.container(), "resources.limits.memory",
              kubernetes_memory(*fields.memory_limit, fields.field + ".memoryLimit"));
  if (fields.gpu) {
    if (fields.gpu->quantity <= 0)
      throw InvalidApplication(fields.field + ".gpu.quantity", "must be above 0; leave gpu out for none");
    // A name with dots in it is no path.
    json::make_object(pod.container(), "resources.limits")[fields.gpu->name] = std::to_string(fields.gpu->quantity);
  }
}

void placement(PodDraft& pod, const PodSpec& fields) {
  if (fields.scheduler_name && !fields.scheduler_name->empty())
    pod.set("spec.schedulerName", json::value(*fields.scheduler_name));
  if (fields.priority_class_name && !fields.priority_class_name->empty())
    pod.set("spec.priorityClassName", json::value(*fields.priority_class_name));
  pod.set_some("spec.affinity", fields.affinity);
  pod.append_to("spec.tolerations", fields.tolerations);
  for (const auto& [name, value] : fields.node_selector)
    json::make_object(pod.document(), "spec.nodeSelector")[name] = value;
}

void network(PodDraft& pod, const PodSpec& fields) {
  if (fields.host_network.value_or(false)) {
    pod.set("spec.hostNetwork", true);
    pod.set("spec.dnsPolicy", "ClusterFirstWithHostNet");
  }
  pod.set_some("spec.dnsConfig", fields.dns_config);
  pod.append_to("spec.hostAliases", fields.host_aliases);
}

json::value with_owner(const std::optional<json::value>& given, json::value owner) {
  json::value out = given.value_or(json::object{});
  list_at(out, "metadata.ownerReferences").push_back(std::move(owner));
  out.as_object()["apiVersion"] = "v1";
  out.as_object()["kind"] = "Pod";
  return out;
}

}  // namespace

void write_fields(json::value& document, const Spec& spec, const PodSpec& fields, std::string_view container) {
  PodDraft pod(document, container);
  environment(pod, fields);
  config_maps(pod, spec, fields);
  volumes(pod, spec, fields);
  pod.append_to_container("ports", fields.ports);
  network(pod, fields);
  for (const auto& c : fields.init_containers) add_container(list_at(document, "spec.initContainers"), c);
  for (const auto& c : fields.sidecars) add_container(list_at(document, "spec.containers"), c);
  placement(pod, fields);
  resources(pod, fields);
  if (fields.security_context) json::set(pod.container(), "securityContext", *fields.security_context);
  pod.set_some("spec.securityContext", fields.pod_security_context);
  if (fields.termination_grace_period_seconds)
    pod.set("spec.terminationGracePeriodSeconds", *fields.termination_grace_period_seconds);
  if (fields.lifecycle) json::set(pod.container(), "lifecycle", *fields.lifecycle);
  if (fields.share_process_namespace.value_or(false)) pod.set("spec.shareProcessNamespace", true);
}

json::value executor_template(const Application& app, const Spec& spec) {
  json::value owner = owner_reference(app);
  owner.as_object().erase("controller");
  owner.as_object().erase("blockOwnerDeletion");
  json::value out = with_owner(spec.executor.pod_template, std::move(owner));
  PodSpec fields_of_template = spec.executor;
  json::array& env = fields_of_template.env;
  env.erase(std::remove_if(env.begin(), env.end(), is_sparks_own), env.end());
  write_fields(out, spec, fields_of_template, kExecutorContainer);
  if (const auto fields = executor_fields(spec)) annotate_executors(out, *fields);
  return out;
}

json::value driver_template(const Application& app, const Spec& spec) {
  json::value out = with_owner(spec.driver.pod_template, owner_reference(app));
  PodDraft(out, kDriverContainer);  // Spark wants a container to write into
  return out;
}

}  // namespace spoke::op
