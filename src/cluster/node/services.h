// Services and who stands behind them, as packets and names need it: out of Service and EndpointSlice objects.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/api.h"
#include "cluster/node/network_rules.h"
#include "cluster/node/node.h"
#include "net/async.h"

namespace spoke::cluster {

struct NamedPort {
  std::string name;      // "" for the only one
  std::string protocol;  // "tcp", "udp", "sctp"
  int port = 0;
};

struct ServiceEndpoint {
  std::string ip;
  std::string hostname;  // "" where the pod has none
  std::vector<NamedPort> ports;
};

struct ServiceInfo {
  std::string ns, name;
  std::string cluster_ip;     // "" where it is headless or external
  std::string external_name;  // of type ExternalName
  std::vector<NamedPort> ports;
  std::vector<ServiceEndpoint> endpoints;  // those that may be spoken to
};

class ServiceTable {
 public:
  // As an informer tells of changes: null before, it is new; null after, it is gone.
  void service_changed(const kube::Object* before, const kube::Object* after);
  void slice_changed(const kube::Object* before, const kube::Object* after);

  std::optional<ServiceInfo> find(std::string_view ns, std::string_view name) const;
  bool has_namespace(std::string_view ns) const;
  // What answers to an address: the service, and its endpoint where it is one's.
  std::optional<std::pair<ServiceInfo, std::optional<ServiceEndpoint>>> find_address(const std::string& ip) const;

  // What has to be routed, in a fixed order.
  std::vector<ServicePort> routes() const;

 private:
  struct Service {
    ServiceInfo info;
    bool publish_not_ready = false;
  };
  struct Slice {
    std::string service;  // "namespace/name"
    struct Member {
      ServiceEndpoint endpoint;
      bool ready = false;
    };
    std::vector<Member> members;
  };
  ServiceInfo whole(const std::string& key, const Service& service) const;

  std::map<std::string, Service, std::less<>> services_;                  // by "namespace/name"
  std::map<std::string, Slice, std::less<>> slices_;                      // likewise
  std::map<std::string, std::set<std::string>, std::less<>> of_service_;  // slices by service
};

// Keeps the table as the API has it, until cancelled; `changed` is called after each change.
net::Task<> watch_services(client::Api& api, ServiceTable& table, std::function<void()> changed);

// Keeps the packet filter as the table has it, until cancelled. `changed` is notified after each change of the table.
net::Task<> route_services(ServiceTable& table, net::Event& changed, NodeOptions options);

}  // namespace spoke::cluster
