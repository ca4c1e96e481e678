// Service. ClusterIPs and node ports are given out by admission (service_addresses.h).
#include <algorithm>
#include <map>
#include <set>

#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {
namespace {

void default_service(Object& o) {
  default_to(o, "spec.type", "ClusterIP");
  default_to(o, "spec.sessionAffinity", "None");
  const std::string_view type = json::str(o, "spec.type");
  if (json::value* ports = json::find(o, "spec.ports"); ports != nullptr && ports->is_array())
    for (auto& port : ports->get_array()) {
      default_to(port, "protocol", "TCP");
      const json::value* target = json::find(port, "targetPort");
      if (target == nullptr || target->is_null() || *target == json::value(0) || *target == json::value(""))
        if (const json::value* number = json::find(port, "port")) json::set(port, "targetPort", json::value(*number));
    }
  if (type == "ExternalName") return;
  default_to(o, "spec.internalTrafficPolicy", "Cluster");
  if (type == "NodePort" || type == "LoadBalancer") default_to(o, "spec.externalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") default_to(o, "spec.allocateLoadBalancerNodePorts", true);
}

// After the above, for every type.
void default_affinity_and_status(Object& o) {
  if (json::str(o, "spec.sessionAffinity") == "ClientIP")
    default_to(o, "spec.sessionAffinityConfig.clientIP.timeoutSeconds", 10800);
  else
    json::remove(o, "spec.sessionAffinityConfig");
  if (json::value* ingress = json::find(o, "status.loadBalancer.ingress"); ingress != nullptr && ingress->is_array())
    for (auto& point : ingress->get_array())
      if (!json::str(point, "ip").empty()) default_to(point, "ipMode", "VIP");
}

bool has_node_ports(std::string_view type) { return type == "NodePort" || type == "LoadBalancer"; }

// What the old type had and the new one has no use for. A value that the client has just set stays, to be refused.
// Source: pkg/registry/core/service's dropTypeDependentFields.
void drop_what_type_has_not(const Object& before, Object& after) {
  const std::string type(json::str(after, "spec.type"));
  const auto drop = [&](const char* path) {
    const json::value *was = json::find(before, path), *is = json::find(after, path);
    if (was != nullptr && is != nullptr && *was == *is) json::remove(after, path);
  };
  if (json::str(before, "spec.type") != "ExternalName" && type == "ExternalName")
    for (const char* path :
         {"spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy", "spec.internalTrafficPolicy"})
      drop(path);
  if (has_node_ports(json::str(before, "spec.type")) && !has_node_ports(type)) {
    json::value* ports = json::find(after, "spec.ports");
    const auto& old = json::list(before, "spec.ports");
    if (ports != nullptr && ports->is_array())
      for (auto& port : ports->get_array())
        if (std::any_of(old.begin(), old.end(),
                        [&](const json::value& p) { return json::num(p, "nodePort") == json::num(port, "nodePort"); }))
          json::remove(port, "nodePort");
    drop("spec.externalTrafficPolicy");
  }
  if (json::str(before, "spec.type") == "LoadBalancer" && type != "LoadBalancer")
    for (const char* path : {"spec.allocateLoadBalancerNodePorts", "spec.loadBalancerClass"}) drop(path);
  if (type != "LoadBalancer" || json::str(after, "spec.externalTrafficPolicy") != "Local")
    drop("spec.healthCheckNodePort");
}

// What a client leaves out, because it does not know it, stays. Source: patchAllocatedValues.
void keep_allocated(const Object& before, Object& after) {
  const std::string_view type = json::str(after, "spec.type");
  if (type != "ExternalName")
    for (const char* path : {"spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"})
      if (const json::value* was = json::find(before, path))
        if (const json::value* is = json::find(after, path); is == nullptr || is->is_null() || *is == json::value(""))
          json::set(after, path, *was);
  if (!has_node_ports(type) || !has_node_ports(json::str(before, "spec.type"))) return;
  std::map<std::string, std::int64_t> by_name;
  for (const auto& port : json::list(before, "spec.ports"))
    by_name[std::string(json::str(port, "name"))] = json::num(port, "nodePort");
  if (json::value* ports = json::find(after, "spec.ports"); ports != nullptr && ports->is_array())
    for (auto& port : ports->get_array())
      if (const auto it = by_name.find(std::string(json::str(port, "name")));
          it != by_name.end() && it->second != 0 && json::num(port, "nodePort") == 0)
        json::set(port, "nodePort", it->second);
  if (const auto health = json::num(before, "spec.healthCheckNodePort");
      health != 0 && type == "LoadBalancer" && json::str(after, "spec.externalTrafficPolicy") == "Local")
    default_to(after, "spec.healthCheckNodePort", health);
}

void validate_service(const Object& o, Causes& causes) {
  const std::string_view type = json::str(o, "spec.type");
  const auto& ports = json::list(o, "spec.ports");
  const bool headless = json::str(o, "spec.clusterIP") == "None";
  if (type != "ExternalName" && ports.empty() && !headless) causes.push_back(kube::required("spec.ports", ""));
  if (type == "ExternalName" && json::str(o, "spec.externalName").empty())
    causes.push_back(kube::required("spec.externalName", ""));
  if (headless && has_node_ports(type))
    causes.push_back(kube::invalid_value("spec.clusterIPs[0]", json::value("None"),
                                         fmt::format("may not be set to 'None' for {} services", type)));
  static const std::vector<std::string> types{"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"};
  if (std::find(types.begin(), types.end(), type) == types.end())
    causes.push_back(kube::not_supported("spec.type", type, types));
  std::set<std::string, std::less<>> names;
  std::set<std::pair<std::string, std::int64_t>> numbers;
  size_t i = 0;
  for (const auto& port : ports) {
    const std::string at = "spec.ports[" + std::to_string(i++) + "]";
    const std::string name(json::str(port, "name"));
    if (name.empty() && ports.size() > 1) causes.push_back(kube::required(at + ".name", ""));
    if (!name.empty()) {
      for (const auto& why : kube::check_dns1123_label(name))
        causes.push_back(kube::invalid_value(at + ".name", json::value(name), why));
      if (!names.insert(name).second) causes.push_back(kube::duplicate(at + ".name", json::value(name)));
    }
    const auto number = json::num(port, "port");
    if (number < 1 || number > 65535)
      causes.push_back(
          kube::invalid_value(at + ".port", json::value(number), "must be between 1 and 65535, inclusive"));
    const std::string_view protocol = json::str(port, "protocol");
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
      causes.push_back(kube::not_supported(at + ".protocol", protocol, {"SCTP", "TCP", "UDP"}));
    if (const json::value* target = json::find(port, "targetPort")) {
      if (target->is_int64() && (target->get_int64() < 1 || target->get_int64() > 65535))
        causes.push_back(kube::invalid_value(at + ".targetPort", *target, "must be between 1 and 65535, inclusive"));
      if (target->is_string())
        for (const auto& why : kube::check_port_name(json::to_string(target->get_string())))
          causes.push_back(kube::invalid_value(at + ".targetPort", *target, why));
    }
    if (const json::value* node_port = json::find(port, "nodePort"); node_port != nullptr && type == "ClusterIP")
      causes.push_back(kube::forbidden_field(at + ".nodePort", "may not be used when `type` is 'ClusterIP'"));
    if (!numbers.emplace(std::string(protocol), number).second)
      causes.push_back(kube::duplicate(at, json::object{{"port", number}, {"protocol", protocol}}));
  }
  for (const auto& [key, value] : json::members(o, "spec.selector")) {
    for (const auto& why : kube::check_qualified_name(key))
      causes.push_back(kube::invalid_value("spec.selector", json::value(key), why));
    if (value.is_string())
      for (const auto& why : kube::check_label_value(json::to_string(value.get_string())))
        causes.push_back(kube::invalid_value("spec.selector", value, why));
  }
  const std::string_view affinity = json::str(o, "spec.sessionAffinity");
  if (affinity != "None" && affinity != "ClientIP")
    causes.push_back(kube::not_supported("spec.sessionAffinity", affinity, {"ClientIP", "None"}));
}

void validate_service_update(const Object& before, const Object& after, Causes& causes) {
  const std::string_view was = json::str(before, "spec.clusterIP"), is = json::str(after, "spec.clusterIP");
  if (json::str(before, "spec.type") != "ExternalName" && json::str(after, "spec.type") != "ExternalName" &&
      was != is && !was.empty()) {
    json::array ips;
    ips.emplace_back(is);
    causes.push_back(kube::invalid_value("spec.clusterIPs[0]", json::value(std::move(ips)), "may not change once set"));
  }
}

}  // namespace

void add_services(std::vector<ResourceType>& out) {
  ResourceType service = builtin("", "v1", "services", "Service", true);
  service.short_names = {"svc"};
  service.categories = {"all"};
  service.has_status = true;
  service.check_name = kube::check_dns1035_label;
  service.returns_deleted = true;
  service.defaults = [](Object& o) {
    default_service(o);
    default_affinity_and_status(o);
  };
  service.on_create = [](Object& o) { json::set(o, "status", json::object{{"loadBalancer", json::object()}}); };
  service.on_update = [](const Object& before, Object& after) {
    keep_allocated(before, after);
    drop_what_type_has_not(before, after);
  };
  service.validate = validate_service;
  service.validate_update = validate_service_update;
  service.fields = [](const Object& o, Fields& fields) {
    fields.emplace_back("spec.clusterIP", json::str(o, "spec.clusterIP"));
    fields.emplace_back("spec.type", json::str(o, "spec.type"));
  };
  service.field_names = {"spec.clusterIP", "spec.type"};
  service.columns = {
      {"Type", "string", "", "type determines how the Service is exposed."},
      {"Cluster-IP", "string", "", "clusterIP is the IP address of the service and is usually assigned randomly."},
      {"External-IP", "string", "",
       "externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this "
       "service."},
      {"Port(s)", "string", "", "The list of ports that are exposed by this service."},
      {"Age", "string", "", ""},
      {"Selector", "string", "", "Route service traffic to pods with label keys and values matching this selector.",
       1}};
  service.age_column = false;
  service.cells = [](const Object& o) {
    std::string ports;
    for (const auto& p : json::list(o, "spec.ports"))
      ports += (ports.empty() ? "" : ",") + std::to_string(json::num(p, "port")) +
               (json::num(p, "nodePort") != 0 ? ":" + std::to_string(json::num(p, "nodePort")) : "") + "/" +
               std::string(json::str(p, "protocol"));
    const auto created = parse_rfc3339(json::str(o, "metadata.creationTimestamp"));
    const std::string_view type = json::str(o, "spec.type");
    return json::array{type,
                       json::str(o, "spec.clusterIP", "<none>"),
                       type == "ExternalName"   ? json::str(o, "spec.externalName")
                       : type == "LoadBalancer" ? "<pending>"
                                                : "<none>",
                       ports.empty() ? "<none>" : ports,
                       created ? human_duration(now() - *created) : "<unknown>",
                       selector_text(json::members(o, "spec.selector"))};
  };
  out.push_back(std::move(service));
}

}  // namespace spoke::cluster::kinds
