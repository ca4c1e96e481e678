// Service, Endpoints, EndpointSlice. ClusterIPs are given out by admission (admission.h).
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
  if (json::str(o, "spec.sessionAffinity") == "ClientIP") default_to(o, "spec.sessionAffinityConfig.clientIP.timeoutSeconds", 10800);
}

void validate_service(const Object& o, Causes& causes) {
  const std::string_view type = json::str(o, "spec.type");
  const auto& ports = json::list(o, "spec.ports");
  const bool headless = json::str(o, "spec.clusterIP") == "None";
  if (type != "ExternalName" && ports.empty() && !headless) causes.push_back(kube::required("spec.ports", ""));
  if (type == "ExternalName" && json::str(o, "spec.externalName").empty())
    causes.push_back(kube::required("spec.externalName", ""));
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
      for (const auto& why : kube::check_dns1123_label(name)) causes.push_back(kube::invalid_value(at + ".name", json::value(name), why));
      if (!names.insert(name).second) causes.push_back(kube::duplicate(at + ".name", json::value(name)));
    }
    const auto number = json::num(port, "port");
    if (number < 1 || number > 65535)
      causes.push_back(kube::invalid_value(at + ".port", json::value(number), "must be between 1 and 65535, inclusive"));
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
    if (!numbers.emplace(std::string(protocol), number).second)
      causes.push_back(kube::duplicate(at, json::object{{"port", number}, {"protocol", protocol}}));
  }
  for (const auto& [key, value] : json::members(o, "spec.selector")) {
    for (const auto& why : kube::check_qualified_name(key)) causes.push_back(kube::invalid_value("spec.selector", json::value(key), why));
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
  if (json::str(before, "spec.type") != "ExternalName" && json::str(after, "spec.type") != "ExternalName" && was != is && !was.empty()) {
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
  service.defaults = default_service;
  service.on_create = [](Object& o) { json::set(o, "status", json::object{{"loadBalancer", json::object()}}); };
  service.on_update = [](const Object& before, Object& after) {
    // What a client leaves out, because it does not know it, stays.
    for (const char* path : {"spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"})
      if (const json::value* was = json::find(before, path); was != nullptr && json::str(after, "spec.type") != "ExternalName")
        if (const json::value* is = json::find(after, path); is == nullptr || is->is_null() || *is == json::value(""))
          json::set(after, path, *was);
  };
  service.validate = validate_service;
  service.validate_update = validate_service_update;
  service.fields = [](const Object& o, Fields& fields) {
    fields.emplace_back("spec.clusterIP", json::str(o, "spec.clusterIP"));
    fields.emplace_back("spec.type", json::str(o, "spec.type"));
  };
  service.field_names = {"spec.clusterIP", "spec.type"};
  service.columns = {{"Type", "string", "", "type determines how the Service is exposed."},
                     {"Cluster-IP", "string", "", "clusterIP is the IP address of the service and is usually assigned randomly."},
                     {"External-IP", "string", "", "externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service."},
                     {"Port(s)", "string", "", "The list of ports that are exposed by this service."},
                     {"Age", "string", "", ""},
                     {"Selector", "string", "", "Route service traffic to pods with label keys and values matching this selector.", 1}};
  service.age_column = false;
  service.cells = [](const Object& o) {
    std::string ports;
    for (const auto& p : json::list(o, "spec.ports"))
      ports += (ports.empty() ? "" : ",") + std::to_string(json::num(p, "port")) +
               (json::num(p, "nodePort") != 0 ? ":" + std::to_string(json::num(p, "nodePort")) : "") + "/" +
               std::string(json::str(p, "protocol"));
    const auto created = parse_rfc3339(json::str(o, "metadata.creationTimestamp"));
    const std::string_view type = json::str(o, "spec.type");
    return json::array{type, json::str(o, "spec.clusterIP", "<none>"),
                       type == "ExternalName" ? json::str(o, "spec.externalName") : type == "LoadBalancer" ? "<pending>" : "<none>",
                       ports.empty() ? "<none>" : ports, created ? human_duration(now() - *created) : "<unknown>",
                       selector_text(json::members(o, "spec.selector"))};
  };
  out.push_back(std::move(service));

  ResourceType endpoints = builtin("", "v1", "endpoints", "Endpoints", true);
  endpoints.short_names = {"ep"};
  endpoints.create_on_update = true;
  endpoints.defaults = [](Object& o) {
    if (json::value* subsets = json::find(o, "subsets"); subsets != nullptr && subsets->is_array())
      for (auto& subset : subsets->get_array())
        if (json::value* ports = json::find(subset, "ports"); ports != nullptr && ports->is_array())
          for (auto& port : ports->get_array()) default_to(port, "protocol", "TCP");
  };
  endpoints.columns = {{"Endpoints", "string", "", "The set of all endpoints is the union of all subsets."}};
  endpoints.cells = [](const Object& o) {
    std::string text;
    for (const auto& subset : json::list(o, "subsets"))
      for (const auto& port : json::list(subset, "ports"))
        for (const auto& address : json::list(subset, "addresses"))
          text += (text.empty() ? "" : ",") + std::string(json::str(address, "ip")) + ":" + std::to_string(json::num(port, "port"));
    return json::array{text.empty() ? "<none>" : text};
  };
  out.push_back(std::move(endpoints));

  ResourceType slice = builtin("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true);
  slice.has_generation = true;
  slice.defaults = [](Object& o) {
    if (json::value* ports = json::find(o, "ports"); ports != nullptr && ports->is_array())
      for (auto& port : ports->get_array()) {
        default_to(port, "protocol", "TCP");
        default_to(port, "name", "");
      }
    if (json::find(o, "endpoints") == nullptr) json::set(o, "endpoints", nullptr);
    if (json::find(o, "ports") == nullptr) json::set(o, "ports", nullptr);
  };
  slice.validate = [](const Object& o, Causes& causes) {
    const std::string_view type = json::str(o, "addressType");
    if (type.empty())
      causes.push_back(kube::required("addressType", ""));
    else if (type != "IPv4" && type != "IPv6" && type != "FQDN")
      causes.push_back(kube::not_supported("addressType", type, {"FQDN", "IPv4", "IPv6"}));
  };
  slice.columns = {{"AddressType", "string", "", "addressType specifies the type of address carried by this EndpointSlice."},
                   {"Ports", "string", "", "ports specifies the list of network ports exposed by each endpoint in this slice."},
                   {"Endpoints", "string", "", "endpoints is a list of unique endpoints in this slice."}};
  slice.cells = [](const Object& o) {
    std::string ports, addresses;
    for (const auto& p : json::list(o, "ports")) ports += (ports.empty() ? "" : ",") + std::to_string(json::num(p, "port"));
    for (const auto& e : json::list(o, "endpoints"))
      for (const auto& a : json::list(e, "addresses"))
        if (a.is_string()) addresses += (addresses.empty() ? "" : ",") + json::to_string(a.get_string());
    return json::array{json::str(o, "addressType"), ports.empty() ? "<unset>" : ports, addresses.empty() ? "<unset>" : addresses};
  };
  out.push_back(std::move(slice));
}

}  // namespace spoke::cluster::kinds
