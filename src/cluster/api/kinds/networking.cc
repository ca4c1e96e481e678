// NetworkPolicy and Ingress.
#include <algorithm>

#include "cluster/api/kinds/common.h"
#include "kube/cidr.h"

namespace spoke::cluster::kinds {
namespace {

const std::vector<std::string> kProtocols{"TCP", "UDP", "SCTP"};
const std::vector<std::string> kPolicyTypes{"Ingress", "Egress"};
const std::vector<std::string> kPathTypes{"Exact", "Prefix", "ImplementationSpecific"};

void validate_peer(const json::value& peer, const std::string& at, Causes& causes) {
  const json::value* block = json::find(peer, "ipBlock");
  const bool pods = json::find(peer, "podSelector") != nullptr || json::find(peer, "namespaceSelector") != nullptr;
  if (block == nullptr && !pods) causes.push_back(kube::required(at, "must specify a peer"));
  if (block == nullptr) return;
  if (pods) causes.push_back(kube::forbidden_field(at, "may not specify both ipBlock and another peer"));
  const std::string_view cidr = json::str(*block, "cidr");
  const auto range = kube::Cidr::parse(cidr);
  if (cidr.empty())
    causes.push_back(kube::required(at + ".ipBlock.cidr", ""));
  else if (!range)
    causes.push_back(kube::invalid_value(at + ".ipBlock.cidr", json::value(cidr),
                                         "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
  size_t i = 0;
  for (const auto& text : json::list(*block, "except")) {
    const std::string field = at + ".ipBlock.except[" + std::to_string(i++) + "]";
    const auto except = kube::Cidr::parse(text.is_string() ? json::to_string(text.get_string()) : "");
    if (!except)
      causes.push_back(
          kube::invalid_value(field, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
    else if (range && !range->strictly_contains(*except))
      causes.push_back(kube::invalid_value(field, text, "must be a strict subset of `cidr`"));
  }
}

void validate_network_policy(const Object& o, Causes& causes) {
  for (const auto& [side, peers] : {std::pair{"ingress", "from"}, std::pair{"egress", "to"}}) {
    size_t i = 0;
    for (const auto& rule : json::list(o, std::string("spec.") + side)) {
      const std::string at = "spec." + std::string(side) + "[" + std::to_string(i++) + "]";
      size_t k = 0;
      for (const auto& peer : json::list(rule, peers))
        validate_peer(peer, at + "." + peers + "[" + std::to_string(k++) + "]", causes);
      k = 0;
      for (const auto& port : json::list(rule, "ports")) {
        const std::string field = at + ".ports[" + std::to_string(k++) + "]";
        if (const json::value* number = json::find(port, "port"); number != nullptr && number->is_int64())
          check_port(*number, field + ".port", causes);
        if (const std::string_view protocol = json::str(port, "protocol"); !one_of(kProtocols, protocol))
          causes.push_back(kube::not_supported(field + ".protocol", protocol, kProtocols));
      }
    }
  }
  size_t i = 0;
  for (const auto& type : json::list(o, "spec.policyTypes")) {
    const std::string field = "spec.policyTypes[" + std::to_string(i++) + "]", text = json::to_string(type.as_string());
    if (!one_of(kPolicyTypes, text)) causes.push_back(kube::not_supported(field, text, kPolicyTypes));
  }
}

void validate_ingress_path(const json::value& path, const std::string& at, Causes& causes) {
  const std::string_view type = json::str(path, "pathType"), text = json::str(path, "path");
  if (type.empty()) {
    causes.push_back(kube::required(at + ".pathType", "pathType must be specified"));
    return;
  }
  if (!one_of(kPathTypes, type)) causes.push_back(kube::not_supported(at + ".pathType", type, kPathTypes));
  if ((type != "ImplementationSpecific" || !text.empty()) && !text.starts_with('/'))
    causes.push_back(kube::invalid_value(at + ".path", json::value(text), "must be an absolute path"));
  const json::value* service = json::find(path, "backend.service");
  if (service == nullptr) return;
  if (json::str(*service, "name").empty()) causes.push_back(kube::required(at + ".backend.service.name", ""));
  if (json::str(*service, "port.name").empty() && json::num(*service, "port.number") == 0)
    causes.push_back(kube::required(at + ".backend", "port name or number is required"));
}

void validate_ingress(const Object& o, Causes& causes) {
  const auto& rules = json::list(o, "spec.rules");
  if (rules.empty() && json::find(o, "spec.defaultBackend") == nullptr)
    causes.push_back(kube::invalid_value("spec", nullptr, "either `defaultBackend` or `rules` must be specified"));
  size_t i = 0;
  for (const auto& rule : rules) {
    const std::string at = "spec.rules[" + std::to_string(i++) + "]";
    if (const std::string_view host = json::str(rule, "host"); !host.empty() && !host.starts_with("*."))
      for (const auto& why : kube::check_dns1123_subdomain(host))
        causes.push_back(kube::invalid_value(at + ".host", json::value(host), why));
    size_t k = 0;
    for (const auto& path : json::list(rule, "http.paths"))
      validate_ingress_path(path, at + ".http.paths[" + std::to_string(k++) + "]", causes);
  }
}

}  // namespace

void add_networking(std::vector<ResourceType>& out) {
  ResourceType policy = builtin("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true);
  policy.short_names = {"netpol"};
  policy.has_generation = true;
  policy.defaults = [](Object& o) {
    if (json::find(o, "spec.podSelector") == nullptr) json::set(o, "spec.podSelector", json::object());
    if (json::list(o, "spec.policyTypes").empty()) {
      json::array types{"Ingress"};
      if (!json::list(o, "spec.egress").empty()) types.emplace_back("Egress");
      json::set(o, "spec.policyTypes", std::move(types));
    }
    for (const char* side : {"spec.ingress", "spec.egress"})
      for (const auto& rule : json::list(o, side))
        for (const auto& port : json::list(rule, "ports"))
          default_to(const_cast<json::value&>(port), "protocol", "TCP");
  };
  policy.validate = validate_network_policy;
  policy.columns = {
      {"Pod-Selector", "string", "", "podSelector selects the pods to which this NetworkPolicy object applies."}};
  policy.cells = [](const Object& o) {
    return json::array{selector_text(json::members(o, "spec.podSelector.matchLabels"))};
  };
  out.push_back(std::move(policy));

  ResourceType ingress = builtin("networking.k8s.io", "v1", "ingresses", "Ingress", true);
  ingress.short_names = {"ing"};
  ingress.has_status = ingress.has_generation = true;
  ingress.on_create = [](Object& o) { json::set(o, "status", json::object{{"loadBalancer", json::object()}}); };
  ingress.validate = validate_ingress;
  ingress.columns = {
      {"Class", "string", "", "The name of the IngressClass resource that should be used for additional configuration"},
      {"Hosts", "string", "", "Hosts that incoming requests are matched against before the ingress rule"},
      {"Address", "string", "", "Address is a list containing ingress points for the load-balancer"},
      {"Ports", "string", "", "Ports of TLS configurations that open"}};
  ingress.cells = [](const Object& o) {
    std::string hosts;
    for (const auto& rule : json::list(o, "spec.rules"))
      if (const auto host = json::str(rule, "host"); !host.empty())
        hosts += (hosts.empty() ? "" : ",") + std::string(host);
    return json::array{json::str(o, "spec.ingressClassName", "<none>"), hosts.empty() ? "*" : hosts, "",
                       json::list(o, "spec.tls").empty() ? "80" : "80, 443"};
  };
  out.push_back(std::move(ingress));
}

}  // namespace spoke::cluster::kinds
