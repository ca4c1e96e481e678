// The cluster's DNS server, by UDP and TCP: answers for services and pods itself, asks the machine's resolvers for the
// rest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/dns/cluster_names.h"
#include "net/task.h"

namespace spoke::cluster {

struct DnsOptions {
  std::string address;
  std::uint16_t port = 53;
  ClusterZone zone;
  Path resolv_conf = "/etc/resolv.conf";  // the machine's; read anew for each question, as it may change
  std::uint16_t upstream_port = 53;
};

// Until cancelled. Throws Error where the address is in use.
net::Task<> serve_dns(const ServiceTable& table, DnsOptions options);

// Whether it could listen now, so that whoever starts a cluster is told. Throws as serve_dns does.
void check_dns_address(const DnsOptions& options);

// The resolvers that a resolv.conf names, without `own`: a server that asks itself asks for ever.
std::vector<std::string> upstreams(std::string_view resolv_conf, std::string_view own);

}  // namespace spoke::cluster
