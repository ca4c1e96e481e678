// The spec of a pod: defaults and checks. Source: Kubernetes' pkg/apis/core/v1/defaults.go and pkg/apis/core/validation.
#include <set>

#include "cluster/api/kinds/common.h"
#include "kube/quantity.h"

namespace spoke::cluster::kinds {
namespace {

void each(json::value& v, std::string_view path, const std::function<void(json::value&)>& visit) {
  if (json::value* list = json::find(v, path); list != nullptr && list->is_array())
    for (auto& item : list->get_array()) visit(item);
}

void default_http_get(json::value* get) {
  if (get == nullptr) return;
  default_to(*get, "path", "/");
  default_to(*get, "scheme", "HTTP");
}

void default_probe(json::value* probe) {
  if (probe == nullptr || !probe->is_object()) return;
  default_http_get(json::find(*probe, "httpGet"));
  if (json::value* grpc = json::find(*probe, "grpc")) default_to(*grpc, "service", "");
  for (const auto& [name, number] : {std::pair{"timeoutSeconds", 1}, {"periodSeconds", 10}, {"successThreshold", 1}, {"failureThreshold", 3}})
    if (json::num(*probe, name) == 0) json::set(*probe, name, number);
}

// An image without a tag, or with the tag latest, is always looked up anew.
std::string_view pull_policy(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return "IfNotPresent";
  const auto colon = image.rfind(':');
  const auto slash = image.rfind('/');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash)) return "Always";
  return image.substr(colon + 1) == "latest" ? "Always" : "IfNotPresent";
}

void canonical_resources(json::value& resources) {
  for (const char* part : {"limits", "requests"})
    if (json::value* map = json::find(resources, part); map != nullptr && map->is_object())
      for (auto& [name, value] : map->get_object()) {
        const std::string text = value.is_string() ? json::to_string(value.get_string()) : json::dump(value);
        if (const auto canonical = kube::Quantity::canonical(text)) value = *canonical;
      }
  // A limit is a request, too, unless another is named.
  const json::object limits = json::members(resources, "limits");
  for (const auto& [name, value] : limits)
    if (!json::members(resources, "requests").contains(name)) json::make_object(resources, "requests")[name] = value;
}

void default_container(json::value& c) {
  if (!c.is_object()) return;
  default_to(c, "resources", json::object());
  canonical_resources(*json::find(c, "resources"));
  default_to(c, "terminationMessagePath", "/dev/termination-log");
  default_to(c, "terminationMessagePolicy", "File");
  default_to(c, "imagePullPolicy", pull_policy(json::str(c, "image")));
  each(c, "ports", [](json::value& port) { default_to(port, "protocol", "TCP"); });
  each(c, "env", [](json::value& env) {
    if (json::value* ref = json::find(env, "valueFrom.fieldRef")) default_to(*ref, "apiVersion", "v1");
    if (json::value* ref = json::find(env, "valueFrom.resourceFieldRef")) default_to(*ref, "divisor", "0");
  });
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) default_probe(json::find(c, probe));
  for (const char* hook : {"lifecycle.postStart.httpGet", "lifecycle.preStop.httpGet"}) default_http_get(json::find(c, hook));
}

void default_downward_items(json::value& source) {
  each(source, "items", [](json::value& item) {
    if (json::value* ref = json::find(item, "fieldRef")) default_to(*ref, "apiVersion", "v1");
    if (json::value* ref = json::find(item, "resourceFieldRef")) default_to(*ref, "divisor", "0");
  });
}

void default_volume(json::value& v) {
  if (!v.is_object()) return;
  if (v.get_object().size() == 1) json::set(v, "emptyDir", json::object());
  for (const char* kind : {"configMap", "secret", "projected", "downwardAPI"})
    if (json::value* source = json::find(v, kind)) default_to(*source, "defaultMode", 420);
  if (json::value* source = json::find(v, "hostPath")) default_to(*source, "type", "");
  if (json::value* source = json::find(v, "downwardAPI")) default_downward_items(*source);
  each(v, "projected.sources", [](json::value& source) {
    if (json::value* token = json::find(source, "serviceAccountToken")) default_to(*token, "expirationSeconds", 3600);
    if (json::value* api = json::find(source, "downwardAPI")) default_downward_items(*api);
  });
}

const std::vector<std::string> kRestartPolicies{"Always", "Never", "OnFailure"};
const std::vector<std::string> kPullPolicies{"Always", "IfNotPresent", "Never"};
const std::vector<std::string> kDnsPolicies{"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"};

bool one_of(const std::vector<std::string>& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

void validate_resources(const json::value& c, const std::string& at, Causes& causes) {
  std::map<std::string, kube::Quantity, std::less<>> limits;
  for (const char* part : {"limits", "requests"}) {
    for (const auto& [name, value] : json::members(c, std::string("resources.") + part)) {
      const std::string field = at + ".resources." + part + "[" + std::string(name) + "]";
      const auto q = kube::Quantity::parse(value.is_string() ? json::to_string(value.get_string()) : json::dump(value));
      if (!q) continue;  // check_types has refused it
      if (q->negative()) causes.push_back(kube::invalid_value(field, value, "must be greater than or equal to 0"));
      const std::string_view resource = name;
      if (resource.find('/') == std::string_view::npos && resource != "cpu" && resource != "memory" &&
          resource != "ephemeral-storage" && !resource.starts_with("hugepages-")) {
        causes.push_back(kube::invalid_value(field, json::value(name), "must be a standard resource type or fully qualified"));
        causes.push_back(kube::invalid_value(field, json::value(name), "must be a standard resource for containers"));
      }
      if (std::string_view(part) == "limits") {
        limits[std::string(name)] = *q;
      } else if (const auto limit = limits.find(resource); limit != limits.end() && *q > limit->second) {
        causes.push_back(kube::invalid_value(at + ".resources.requests", value,
                                             "must be less than or equal to " + std::string(name) + " limit of " +
                                                 std::string(json::members(c, "resources.limits").at(name).as_string())));
      }
    }
  }
}

void validate_env(const json::value& c, const std::string& at, Causes& causes) {
  size_t i = 0;
  for (const auto& env : json::list(c, "env")) {
    const std::string field = at + ".env[" + std::to_string(i++) + "]";
    const std::string_view name = json::str(env, "name");
    if (name.empty()) causes.push_back(kube::required(field + ".name", ""));
    else
      for (const auto& why : kube::check_env_var_name(name)) causes.push_back(kube::invalid_value(field + ".name", json::value(name), why));
    if (const json::value* from = json::find(env, "valueFrom")) {
      if (!json::str(env, "value").empty())
        causes.push_back(kube::invalid_value(field + ".valueFrom", json::value(""), "may not be specified when `value` is not empty"));
      if (from->is_object() && from->get_object().empty())
        causes.push_back(kube::invalid_value(field + ".valueFrom", json::value(""), "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"));
    }
  }
}

void validate_ports(const json::value& c, const std::string& at, Causes& causes) {
  std::set<std::string, std::less<>> names;
  size_t i = 0;
  for (const auto& port : json::list(c, "ports")) {
    const std::string field = at + ".ports[" + std::to_string(i++) + "]";
    if (const std::string_view name = json::str(port, "name"); !name.empty()) {
      for (const auto& why : kube::check_port_name(name)) causes.push_back(kube::invalid_value(field + ".name", json::value(name), why));
      if (!names.insert(std::string(name)).second) causes.push_back(kube::duplicate(field + ".name", json::value(name)));
    }
    const auto number = json::num(port, "containerPort");
    if (number == 0) causes.push_back(kube::required(field + ".containerPort", ""));
    else if (number < 1 || number > 65535)
      causes.push_back(kube::invalid_value(field + ".containerPort", json::value(number), "must be between 1 and 65535, inclusive"));
    const std::string_view protocol = json::str(port, "protocol");
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
      causes.push_back(kube::not_supported(field + ".protocol", protocol, {"SCTP", "TCP", "UDP"}));
  }
}

void validate_mounts(const json::value& c, const std::string& at, const std::set<std::string, std::less<>>& volumes, Causes& causes) {
  std::set<std::string, std::less<>> paths;
  size_t i = 0;
  for (const auto& mount : json::list(c, "volumeMounts")) {
    const std::string field = at + ".volumeMounts[" + std::to_string(i++) + "]";
    const std::string_view name = json::str(mount, "name"), path = json::str(mount, "mountPath");
    if (name.empty()) causes.push_back(kube::required(field + ".name", ""));
    else if (!volumes.contains(name))
      causes.push_back({"FieldValueNotFound", "Not found: " + json::dump(json::value(name)), field + ".name"});
    if (path.empty()) causes.push_back(kube::required(field + ".mountPath", ""));
    else if (!paths.insert(std::string(path)).second)
      causes.push_back(kube::invalid_value(field + ".mountPath", json::value(path), "must be unique"));
  }
}

void validate_container(const json::value& c, const std::string& at, const std::set<std::string, std::less<>>& volumes,
                        std::set<std::string, std::less<>>& names, Causes& causes) {
  const std::string_view name = json::str(c, "name"), image = json::str(c, "image");
  if (name.empty()) causes.push_back(kube::required(at + ".name", ""));
  else {
    for (const auto& why : kube::check_dns1123_label(name)) causes.push_back(kube::invalid_value(at + ".name", json::value(name), why));
    if (!names.insert(std::string(name)).second) causes.push_back(kube::duplicate(at + ".name", json::value(name)));
  }
  if (image.empty()) causes.push_back(kube::required(at + ".image", ""));
  else if (image.find_first_not_of(" \t\n") != 0 || image.find_last_not_of(" \t\n") != image.size() - 1)
    causes.push_back(kube::invalid_value(at + ".image", json::value(image), "must not have leading or trailing whitespace"));
  validate_ports(c, at, causes);
  validate_env(c, at, causes);
  validate_mounts(c, at, volumes, causes);
  if (const std::string_view policy = json::str(c, "imagePullPolicy"); !one_of(kPullPolicies, policy))
    causes.push_back(kube::not_supported(at + ".imagePullPolicy", policy, kPullPolicies));
  validate_resources(c, at, causes);
}

void validate_volumes(const json::value& spec, const std::string& at, std::set<std::string, std::less<>>& names, Causes& causes) {
  size_t i = 0;
  for (const auto& volume : json::list(spec, "volumes")) {
    const std::string field = at + ".volumes[" + std::to_string(i++) + "]";
    const std::string_view name = json::str(volume, "name");
    if (name.empty()) causes.push_back(kube::required(field + ".name", ""));
    else {
      for (const auto& why : kube::check_dns1123_label(name)) causes.push_back(kube::invalid_value(field + ".name", json::value(name), why));
      if (!names.insert(std::string(name)).second) causes.push_back(kube::duplicate(field + ".name", json::value(name)));
    }
    if (volume.is_object() && volume.get_object().size() > 2)
      causes.push_back(kube::forbidden_field(field, "may not specify more than 1 volume type"));
    if (json::find(volume, "hostPath") != nullptr && json::str(volume, "hostPath.path").empty())
      causes.push_back(kube::required(field + ".hostPath.path", ""));
    if (json::find(volume, "secret") != nullptr && json::str(volume, "secret.secretName").empty())
      causes.push_back(kube::required(field + ".secret.secretName", ""));
    if (json::find(volume, "configMap") != nullptr && json::str(volume, "configMap.name").empty())
      causes.push_back(kube::required(field + ".configMap.name", ""));
    if (json::find(volume, "persistentVolumeClaim") != nullptr && json::str(volume, "persistentVolumeClaim.claimName").empty())
      causes.push_back(kube::required(field + ".persistentVolumeClaim.claimName", ""));
  }
}

}  // namespace

void default_pod_spec(json::value& spec) {
  if (!spec.is_object()) return;
  default_to(spec, "restartPolicy", "Always");
  default_to(spec, "dnsPolicy", "ClusterFirst");
  default_to(spec, "terminationGracePeriodSeconds", 30);
  default_to(spec, "securityContext", json::object());
  default_to(spec, "schedulerName", "default-scheduler");
  default_to(spec, "enableServiceLinks", true);
  for (const char* list : {"containers", "initContainers"}) each(spec, list, default_container);
  each(spec, "volumes", default_volume);
  if (json::flag(spec, "hostNetwork"))
    for (const char* list : {"containers", "initContainers"})
      each(spec, list, [](json::value& c) {
        each(c, "ports", [](json::value& port) { default_to(port, "hostPort", json::num(port, "containerPort")); });
      });
  // The older name of the same thing is kept in step.
  if (const std::string account(json::str(spec, "serviceAccountName", json::str(spec, "serviceAccount"))); !account.empty()) {
    json::set(spec, "serviceAccountName", account);
    json::set(spec, "serviceAccount", account);
  }
}

void validate_pod_spec(const json::value& spec, const std::string& at, Causes& causes) {
  std::set<std::string, std::less<>> volumes, names;
  validate_volumes(spec, at, volumes, causes);
  const auto& containers = json::list(spec, "containers");
  if (containers.empty()) causes.push_back(kube::required(at + ".containers", ""));
  size_t i = 0;
  for (const auto& c : containers) validate_container(c, at + ".containers[" + std::to_string(i++) + "]", volumes, names, causes);
  i = 0;
  for (const auto& c : json::list(spec, "initContainers"))
    validate_container(c, at + ".initContainers[" + std::to_string(i++) + "]", volumes, names, causes);
  if (const std::string_view policy = json::str(spec, "restartPolicy"); !one_of(kRestartPolicies, policy))
    causes.push_back(kube::not_supported(at + ".restartPolicy", policy, kRestartPolicies));
  if (const std::string_view policy = json::str(spec, "dnsPolicy"); !one_of(kDnsPolicies, policy))
    causes.push_back(kube::not_supported(at + ".dnsPolicy", policy, kDnsPolicies));
  if (const auto grace = json::num(spec, "terminationGracePeriodSeconds"); grace < 0)
    causes.push_back(kube::invalid_value(at + ".terminationGracePeriodSeconds", json::value(grace), "must be greater than or equal to 0"));
  if (const json::value* deadline = json::find(spec, "activeDeadlineSeconds"); deadline != nullptr && json::num(spec, "activeDeadlineSeconds") < 1)
    causes.push_back(kube::invalid_value(at + ".activeDeadlineSeconds", *deadline, "must be between 1 and 2147483647, inclusive"));
  for (const auto& [key, value] : json::members(spec, "nodeSelector"))
    for (const auto& why : kube::check_qualified_name(key))
      causes.push_back(kube::invalid_value(at + ".nodeSelector", json::value(key), why));
}

void validate_pod_update(const Object& before, const Object& after, Causes& causes) {
  // What may change: images, activeDeadlineSeconds, tolerations (added), terminationGracePeriodSeconds (when it was 1),
  // scheduling gates (removed), and nodeName by binding.
  json::value was = *json::find(before, "spec"), is = *json::find(after, "spec");
  const auto blank = [](json::value& spec) {
    for (const char* list : {"containers", "initContainers"})
      each(spec, list, [](json::value& c) { json::remove(c, "image"); });
    for (const char* name : {"activeDeadlineSeconds", "tolerations", "schedulingGates"}) json::remove(spec, name);
  };
  blank(was);
  blank(is);
  if (json::str(was, "nodeName").empty() && !json::list(before, "spec.schedulingGates").empty()) {
    json::remove(was, "nodeSelector");
    json::remove(is, "nodeSelector");
  }
  if (was != is)
    causes.push_back(kube::forbidden_field(
        "spec",
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"));
}

std::string_view qos_class(const json::value& spec) {
  bool any = false, guaranteed = true;
  for (const char* list : {"containers", "initContainers"})
    for (const auto& c : json::list(spec, list)) {
      for (const char* resource : {"cpu", "memory"}) {
        const json::value* limit = json::find(c, std::string("resources.limits.") + resource);
        const json::value* request = json::find(c, std::string("resources.requests.") + resource);
        any = any || limit != nullptr || request != nullptr;
        guaranteed = guaranteed && limit != nullptr && request != nullptr && *limit == *request;
      }
    }
  return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
}

}  // namespace spoke::cluster::kinds
