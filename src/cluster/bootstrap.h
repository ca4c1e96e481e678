// What a cluster has from the start: namespaces, roles, the kubernetes Service.
#pragma once

#include <cstdint>
#include <string>

#include "cluster/api/registry.h"

namespace spoke::cluster {

// `gateway`:`port` is where pods reach the API server, `service_ip` the kubernetes Service's address. Safe to repeat.
net::Task<> bootstrap(Registry& registry, std::string service_ip, std::string gateway, std::uint16_t port);

}  // namespace spoke::cluster
