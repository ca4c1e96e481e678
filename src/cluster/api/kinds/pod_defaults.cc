// The spec of a pod: what it has where nothing is said. Source: pkg/apis/core/v1/defaults.go,
// pkg/registry/core/pod/strategy.go.
#include <functional>

#include "cluster/api/kinds/common.h"

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
  for (const auto& [name, number] :
       {std::pair{"timeoutSeconds", 1}, {"periodSeconds", 10}, {"successThreshold", 1}, {"failureThreshold", 3}})
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

// A limit is a request, too, unless another is named.
void default_requests(json::value& resources) {
  const json::object limits = json::members(resources, "limits");
  for (const auto& [name, value] : limits)
    if (!json::members(resources, "requests").contains(name)) json::make_object(resources, "requests")[name] = value;
}

void default_container(json::value& c) {
  if (!c.is_object()) return;
  default_to(c, "resources", json::object());
  default_to(c, "terminationMessagePath", "/dev/termination-log");
  default_to(c, "terminationMessagePolicy", "File");
  default_to(c, "imagePullPolicy", pull_policy(json::str(c, "image")));
  each(c, "ports", [](json::value& port) { default_to(port, "protocol", "TCP"); });
  each(c, "env", [](json::value& env) {
    if (json::value* ref = json::find(env, "valueFrom.fieldRef")) default_to(*ref, "apiVersion", "v1");
    if (json::value* ref = json::find(env, "valueFrom.resourceFieldRef")) default_to(*ref, "divisor", "0");
  });
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) default_probe(json::find(c, probe));
  for (const char* hook : {"lifecycle.postStart.httpGet", "lifecycle.preStop.httpGet"})
    default_http_get(json::find(c, hook));
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

}  // namespace

void default_pod_spec(json::value& spec) {
  if (!spec.is_object()) return;
  default_to(spec, "restartPolicy", "Always");
  default_to(spec, "dnsPolicy", "ClusterFirst");
  default_to(spec, "terminationGracePeriodSeconds", 30);
  if (json::num(spec, "terminationGracePeriodSeconds") < 0) json::set(spec, "terminationGracePeriodSeconds", 1);
  default_to(spec, "securityContext", json::object());
  default_to(spec, "schedulerName", "default-scheduler");
  for (const char* list : {"containers", "initContainers"}) each(spec, list, default_container);
  each(spec, "volumes", default_volume);
  // The older name of the same thing is kept in step.
  if (const std::string account(json::str(spec, "serviceAccountName", json::str(spec, "serviceAccount")));
      !account.empty()) {
    json::set(spec, "serviceAccountName", account);
    json::set(spec, "serviceAccount", account);
  }
}

void default_pod(json::value& spec) {
  default_pod_spec(spec);
  if (!spec.is_object()) return;
  default_to(spec, "enableServiceLinks", true);
  const bool host_network = json::flag(spec, "hostNetwork");
  for (const char* list : {"containers", "initContainers"})
    each(spec, list, [host_network](json::value& c) {
      if (!c.is_object()) return;
      default_requests(*json::find(c, "resources"));
      if (host_network)
        each(c, "ports", [](json::value& port) { default_to(port, "hostPort", json::num(port, "containerPort")); });
    });
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
