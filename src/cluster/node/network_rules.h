// The packet filter's rules, as texts for iptables-restore. Pure.
//
//   nat     PREROUTING, OUTPUT -> SPOKE-SERVICES     ClusterIP and port -> one of the endpoints, by chance
//           POSTROUTING        -> SPOKE-POSTROUTING  what leaves the pod network goes out as the machine; so does a
//           pod's
//                                                    connection to itself by a Service
//   filter  FORWARD            -> SPOKE-FORWARD      pods may be reached, and reach others
//           INPUT              -> SPOKE-INPUT        and the machine: its DNS, its API server
//           OUTPUT             -> SPOKE-OUTPUT       a ClusterIP that nobody stands behind is refused at once
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cluster/node/node.h"

namespace spoke::cluster {

// "SPOKE-SERVICES"; of a bridge that is not spoke0, "SPOKE-<bridge>-SERVICES".
std::string chain_name(const NodeOptions& options, const std::string& name);

struct RuleJump {
  std::string table, from, to;
};
std::vector<RuleJump> rule_jumps(const NodeOptions& options);  // from the kernel's chains to ours

std::string network_rules(const NodeOptions& options);  // all chains; that of services is left as it is

// One port of a service and those who answer there.
struct ServicePort {
  std::string ip;        // ClusterIP
  std::string protocol;  // "tcp", "udp" or "sctp"
  int port = 0;
  std::set<std::pair<std::string, int>> endpoints;  // address and port
  auto operator<=>(const ServicePort&) const = default;
};
std::string service_rules(const NodeOptions& options, const std::vector<ServicePort>& ports);

}  // namespace spoke::cluster
