#include "cluster/node/services.h"

#include <algorithm>

#include "base/log.h"
#include "base/process.h"
#include "base/strings.h"
#include "client/informer.h"
#include "cluster/node/ipv4.h"
#include "cluster/node/within.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {
namespace {

// Changes come in swarms: what comes within this time is applied at once.
constexpr auto kSwarm = std::chrono::milliseconds(5);

std::vector<NamedPort> ports_of(const json::value& object) {
  std::vector<NamedPort> out;
  for (const auto& port : json::list(object, "ports"))
    out.push_back({std::string(json::str(port, "name")), lower(json::str(port, "protocol", "TCP")),
                   static_cast<int>(json::num(port, "port"))});
  return out;
}

}  // namespace

void ServiceTable::service_changed(const kube::Object* before, const kube::Object* after) {
  if (after == nullptr) {
    services_.erase(kube::key(*before));
    return;
  }
  Service s;
  s.info.ns = kube::ns(*after);
  s.info.name = kube::name(*after);
  const auto ip = json::str(*after, "spec.clusterIP");
  if (parse_ipv4(ip)) s.info.cluster_ip = ip;  // else "None", or nothing that may stand in a rule
  if (json::str(*after, "spec.type") == "ExternalName") s.info.external_name = json::str(*after, "spec.externalName");
  if (const auto* spec = json::find(*after, "spec")) s.info.ports = ports_of(*spec);
  s.publish_not_ready = json::flag(*after, "spec.publishNotReadyAddresses");
  services_[kube::key(*after)] = std::move(s);
}

void ServiceTable::slice_changed(const kube::Object* before, const kube::Object* after) {
  const std::string key = kube::key(after != nullptr ? *after : *before);
  if (const auto old = slices_.find(key); old != slices_.end()) {
    of_service_[old->second.service].erase(key);
    if (of_service_[old->second.service].empty()) of_service_.erase(old->second.service);
    slices_.erase(old);
  }
  if (after == nullptr || json::str(*after, "addressType", "IPv4") != "IPv4") return;
  Slice slice;
  slice.service = fmt::format("{}/{}", kube::ns(*after), kube::label(*after, "kubernetes.io/service-name"));
  const auto ports = ports_of(*after);
  for (const auto& endpoint : json::list(*after, "endpoints")) {
    // The first address is the endpoint's; more were never defined to mean anything.
    const auto& addresses = json::list(endpoint, "addresses");
    if (addresses.empty() || !addresses.front().is_string()) continue;
    // It becomes a word of a packet filter's rule.
    if (!parse_ipv4(addresses.front().get_string())) continue;
    slice.members.push_back(
        {{json::to_string(addresses.front().get_string()), lower(json::str(endpoint, "hostname")), ports},
         json::flag(endpoint, "conditions.ready", true)});
  }
  of_service_[slice.service].insert(key);
  slices_[key] = std::move(slice);
}

ServiceInfo ServiceTable::whole(const std::string& key, const Service& service) const {
  ServiceInfo info = service.info;
  const auto slices = of_service_.find(key);
  if (slices == of_service_.end()) return info;
  for (const auto& slice : slices->second) {
    for (const auto& member : slices_.at(slice).members) {
      if (member.ready || service.publish_not_ready) info.endpoints.push_back(member.endpoint);
    }
  }
  return info;
}

std::optional<ServiceInfo> ServiceTable::find(std::string_view ns, std::string_view name) const {
  const auto at = services_.find(fmt::format("{}/{}", ns, name));
  if (at == services_.end()) return std::nullopt;
  return whole(at->first, at->second);
}

bool ServiceTable::has_namespace(std::string_view ns) const {
  const std::string prefix = std::string(ns) + "/";
  const auto at = services_.lower_bound(prefix);
  return at != services_.end() && at->first.starts_with(prefix);
}

std::optional<std::pair<ServiceInfo, std::optional<ServiceEndpoint>>> ServiceTable::find_address(
    const std::string& ip) const {
  for (const auto& [key, service] : services_) {
    if (service.info.cluster_ip == ip) return std::pair(whole(key, service), std::optional<ServiceEndpoint>());
    if (!service.info.cluster_ip.empty()) continue;
    const ServiceInfo info = whole(key, service);
    const auto at = std::ranges::find(info.endpoints, ip, &ServiceEndpoint::ip);
    if (at != info.endpoints.end()) return std::pair(info, std::optional(*at));
  }
  return std::nullopt;
}

std::vector<ServicePort> ServiceTable::routes() const {
  std::vector<ServicePort> out;
  for (const auto& [key, service] : services_) {
    if (service.info.cluster_ip.empty()) continue;
    const ServiceInfo info = whole(key, service);
    for (const auto& port : info.ports) {
      ServicePort route{info.cluster_ip, port.protocol, port.port, {}};
      for (const auto& endpoint : info.endpoints) {
        for (const auto& target : endpoint.ports) {
          if (target.name == port.name && target.protocol == port.protocol)
            route.endpoints.emplace(endpoint.ip, target.port);
        }
      }
      if (!route.endpoints.empty()) out.push_back(std::move(route));
    }
  }
  return out;
}

net::Task<> watch_services(client::Api& api, ServiceTable& table, std::function<void()> changed) {
  client::InformerOptions services;
  services.resource = client::resources::services;
  services.project = [](kube::Object o) {
    kube::Object kept = json::object{};
    json::set(kept, "metadata", json::object{{"name", kube::name(o)}, {"namespace", kube::ns(o)}});
    for (const char* field :
         {"spec.clusterIP", "spec.type", "spec.externalName", "spec.ports", "spec.publishNotReadyAddresses"}) {
      if (auto* v = json::find(o, field)) json::set(kept, field, std::move(*v));
    }
    return kept;
  };
  client::InformerOptions slices;
  slices.resource = client::resources::endpoint_slices;
  slices.project = [](kube::Object o) {
    json::remove(o, "metadata.managedFields");
    json::remove(o, "metadata.ownerReferences");
    return o;
  };
  client::Informer by_service(api, services, [&](const auto* before, const auto* after) {
    table.service_changed(before, after);
    changed();
  });
  client::Informer by_slice(api, slices, [&](const auto* before, const auto* after) {
    table.slice_changed(before, after);
    changed();
  });
  co_await both(by_service.run(), by_slice.run());
}

net::Task<> route_services(ServiceTable& table, net::Event& changed, NodeOptions options) {
  std::optional<std::vector<ServicePort>> applied;
  for (;;) {
    co_await changed.wait();
    co_await net::sleep_for(kSwarm);
    auto routes = table.routes();
    if (routes == applied) continue;
    std::string problem;
    try {
      co_await net::on_worker([rules = service_rules(options, routes)] {
        return run_or_fail({"iptables-restore", "-w", "5", "--noflush"}, rules);
      });
      applied = std::move(routes);
    } catch (const Error& e) {
      problem = e.what();
    }
    if (problem.empty()) continue;
    log::warn("the routes of services could not be set", "error", problem);
    changed.notify();  // try again, but not at once
    co_await net::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace spoke::cluster
