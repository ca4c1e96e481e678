// Checks of containers. Source: pkg/apis/core/validation/validation.go.
#include <map>

#include "base/strings.h"
#include "cluster/api/kinds/pod_parts.h"
#include "kube/quantity.h"

namespace spoke::cluster::kinds {
namespace {

const std::vector<std::string> kPullPolicies{"Always", "IfNotPresent", "Never"};
const std::vector<std::string> kMessagePolicies{"File", "FallbackToLogsOnError"};

// What of a pod an environment variable may be.
bool is_env_field(std::string_view path) {
  static const std::vector<std::string> fields{
      "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
      "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs"};
  return one_of(fields, path) || path.starts_with("metadata.labels['") || path.starts_with("metadata.annotations['");
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
      if (resource.find('/') != std::string_view::npos && q->milli() % 1000 != 0)
        causes.push_back(kube::invalid_value(field, value, "must be an integer"));
      if (resource.find('/') == std::string_view::npos && resource != "cpu" && resource != "memory" &&
          resource != "ephemeral-storage" && !resource.starts_with("hugepages-")) {
        causes.push_back(
            kube::invalid_value(field, json::value(name), "must be a standard resource type or fully qualified"));
        causes.push_back(kube::invalid_value(field, json::value(name), "must be a standard resource for containers"));
      }
      if (std::string_view(part) == "limits") {
        limits[std::string(name)] = *q;
      } else if (const auto limit = limits.find(resource); limit != limits.end() && *q > limit->second) {
        causes.push_back(
            kube::invalid_value(at + ".resources.requests", value,
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
    if (name.empty())
      causes.push_back(kube::required(field + ".name", ""));
    else
      for (const auto& why : kube::check_env_var_name(name))
        causes.push_back(kube::invalid_value(field + ".name", json::value(name), why));
    if (const std::string_view path = json::str(env, "valueFrom.fieldRef.fieldPath");
        !path.empty() && !is_env_field(path))
      causes.push_back(
          kube::invalid_value(field + ".valueFrom.fieldRef.fieldPath", json::value(path),
                              fmt::format("error converting fieldPath: field label not supported: {}", path)));
    if (const json::value* from = json::find(env, "valueFrom")) {
      if (!json::str(env, "value").empty())
        causes.push_back(kube::invalid_value(field + ".valueFrom", json::value(""),
                                             "may not be specified when `value` is not empty"));
      if (from->is_object() && from->get_object().empty())
        causes.push_back(kube::invalid_value(
            field + ".valueFrom", json::value(""),
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"));
    }
  }
}

void validate_ports(const json::value& c, const std::string& at, Causes& causes) {
  std::set<std::string, std::less<>> names;
  size_t i = 0;
  for (const auto& port : json::list(c, "ports")) {
    const std::string field = at + ".ports[" + std::to_string(i++) + "]";
    if (const std::string_view name = json::str(port, "name"); !name.empty()) {
      for (const auto& why : kube::check_port_name(name))
        causes.push_back(kube::invalid_value(field + ".name", json::value(name), why));
      if (!names.insert(std::string(name)).second)
        causes.push_back(kube::duplicate(field + ".name", json::value(name)));
    }
    const json::value* number = json::find(port, "containerPort");
    if (number == nullptr || *number == json::value(0))
      causes.push_back(kube::required(field + ".containerPort", ""));
    else
      check_port(*number, field + ".containerPort", causes);
    const std::string_view protocol = json::str(port, "protocol");
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
      causes.push_back(kube::not_supported(field + ".protocol", protocol, {"SCTP", "TCP", "UDP"}));
  }
}

void validate_mounts(const json::value& c, const std::string& at, const Names& volumes, Causes& causes) {
  std::set<std::string, std::less<>> paths;
  size_t i = 0;
  for (const auto& mount : json::list(c, "volumeMounts")) {
    const std::string field = at + ".volumeMounts[" + std::to_string(i++) + "]";
    const std::string_view name = json::str(mount, "name"), path = json::str(mount, "mountPath");
    if (name.empty())
      causes.push_back(kube::required(field + ".name", ""));
    else if (!volumes.contains(name))
      causes.push_back({"FieldValueNotFound", "Not found: " + json::dump(json::value(name)), field + ".name"});
    if (path.empty())
      causes.push_back(kube::required(field + ".mountPath", ""));
    else if (!paths.insert(std::string(path)).second)
      causes.push_back(kube::invalid_value(field + ".mountPath", json::value(path), "must be unique"));
    if (const std::string_view sub = json::str(mount, "subPath"); !sub.empty()) {
      // Named without the index, as the API server does.
      if (sub.starts_with('/'))
        causes.push_back(
            kube::invalid_value(at + ".volumeMounts.subPath", json::value(sub), "must be a relative path"));
      if (goes_up(sub))
        causes.push_back(kube::invalid_value(at + ".volumeMounts.subPath", json::value(sub), "must not contain '..'"));
    }
  }
}

constexpr const char* kNoHandler = "must specify a handler type";

void validate_handler(const json::value& handler, const std::string& at, bool probe, Causes& causes) {
  size_t handlers = 0;
  for (const char* kind : {"exec", "httpGet", "tcpSocket", "grpc", "sleep"}) {
    const json::value* found = json::find(handler, kind);
    if (found == nullptr || (std::string_view(kind) == "grpc" && !probe) ||
        (std::string_view(kind) == "sleep" && probe))
      continue;
    if (++handlers > 1)
      causes.push_back(kube::forbidden_field(at + "." + kind, "may not specify more than 1 handler type"));
    if (const json::value* port = json::find(*found, "port")) {
      if (port->is_string())
        for (const auto& why : kube::check_port_name(json::to_string(port->get_string())))
          causes.push_back(kube::invalid_value(at + "." + kind + ".port", *port, why));
      else
        check_port(*port, at + "." + kind + ".port", causes);
    }
    if (std::string_view(kind) == "exec" && json::list(*found, "command").empty())
      causes.push_back(kube::required(at + ".exec.command", ""));
  }
  if (handlers == 0) causes.push_back(kube::required(at, kNoHandler));
}

void validate_lifecycle(const json::value& c, const std::string& at, Causes& causes) {
  for (const char* hook : {"postStart", "preStop"})
    if (const json::value* handler = json::find(c, std::string("lifecycle.") + hook))
      validate_handler(*handler, at + ".lifecycle." + hook, false, causes);
  for (const char* name : {"livenessProbe", "readinessProbe", "startupProbe"}) {
    const json::value* probe = json::find(c, name);
    if (probe == nullptr) continue;
    const std::string field = at + "." + name;
    validate_handler(*probe, field, true, causes);
    for (const char* number :
         {"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"})
      if (const auto value = json::num(*probe, number); value < 0)
        causes.push_back(
            kube::invalid_value(field + "." + number, json::value(value), "must be greater than or equal to 0"));
    if (const auto value = json::num(*probe, "successThreshold");
        value != 1 && std::string_view(name) != "readinessProbe")
      causes.push_back(kube::invalid_value(field + ".successThreshold", json::value(value), "must be 1"));
  }
}

void validate_container_security(const json::value& c, const std::string& at, Causes& causes) {
  const json::value* context = json::find(c, "securityContext");
  if (context == nullptr) return;
  check_user(*context, at + ".securityContext", causes);
  if (json::flag(*context, "allowPrivilegeEscalation", true)) return;
  if (json::flag(*context, "privileged"))
    causes.push_back(kube::invalid_value(at + ".securityContext", *context,
                                         "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
  for (const auto& capability : json::list(*context, "capabilities.add"))
    if (capability == json::value("CAP_SYS_ADMIN"))
      causes.push_back(
          kube::invalid_value(at + ".securityContext", *context,
                              "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"));
}

void validate_container(const json::value& c, const std::string& at, const Names& volumes, Names& names,
                        Causes& causes) {
  const std::string_view name = json::str(c, "name"), image = json::str(c, "image");
  if (name.empty())
    causes.push_back(kube::required(at + ".name", ""));
  else {
    for (const auto& why : kube::check_dns1123_label(name))
      causes.push_back(kube::invalid_value(at + ".name", json::value(name), why));
    if (!names.insert(std::string(name)).second) causes.push_back(kube::duplicate(at + ".name", json::value(name)));
  }
  if (image.empty())
    causes.push_back(kube::required(at + ".image", ""));
  else if (image.find_first_not_of(" \t\n") != 0 || image.find_last_not_of(" \t\n") != image.size() - 1)
    causes.push_back(
        kube::invalid_value(at + ".image", json::value(image), "must not have leading or trailing whitespace"));
  validate_ports(c, at, causes);
  validate_env(c, at, causes);
  validate_mounts(c, at, volumes, causes);
  if (const std::string_view policy = json::str(c, "imagePullPolicy"); !one_of(kPullPolicies, policy))
    causes.push_back(kube::not_supported(at + ".imagePullPolicy", policy, kPullPolicies));
  if (const std::string_view policy = json::str(c, "terminationMessagePolicy"); !one_of(kMessagePolicies, policy))
    causes.push_back(kube::not_supported(at + ".terminationMessagePolicy", policy, kMessagePolicies));
  validate_resources(c, at, causes);
  validate_lifecycle(c, at, causes);
  validate_container_security(c, at, causes);
}

}  // namespace

void validate_containers(const json::value& spec, const std::string& at, const Names& volumes, Causes& causes) {
  Names names;
  if (json::list(spec, "containers").empty()) causes.push_back(kube::required(at + ".containers", ""));
  for (const char* list : {"containers", "initContainers"}) {
    size_t i = 0;
    for (const auto& c : json::list(spec, list))
      validate_container(c, at + "." + list + "[" + std::to_string(i++) + "]", volumes, names, causes);
  }
}

}  // namespace spoke::cluster::kinds
