// The names of services and pods. Pure. Source: kubernetes/dns, "Kubernetes DNS-Based Service Discovery",
// version 1.1.0.
#pragma once

#include <optional>
#include <string>

#include "cluster/dns/dns_message.h"
#include "cluster/node/ipv4.h"
#include "cluster/node/services.h"

namespace spoke::cluster {

struct ClusterZone {
  std::string domain = "cluster.local";
  Network pods, services;  // whose addresses are ours to give names to
};

// Nothing where the name is not the cluster's: somebody else is to be asked.
std::optional<DnsAnswer> answer_cluster_name(const DnsQuery& query, const ServiceTable& table, const ClusterZone& zone);

}  // namespace spoke::cluster
