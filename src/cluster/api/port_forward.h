// Ports of a pod over one WebSocket, as the kubelet serves them. Source: Kubernetes, pkg/cri/streaming/portforward
// (v4.channel.k8s.io): two channels for each port, its data and what went wrong; a message is a channel's number and
// bytes; the first message of a channel is the port, little-endian.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/files.h"
#include "net/http_server.h"

namespace spoke::cluster {

// Of ?ports=80,443&ports=8080. Throws StatusError BadRequest, also where the request is for no such WebSocket.
std::vector<std::uint16_t> forwarded_ports(const net::Exchange& exchange);

// Until the client goes or all ports are closed. `dial` connects; the Error that it throws goes to the client.
net::Task<> forward_ports(net::Exchange& exchange, std::vector<std::uint16_t> ports,
                          std::function<net::Task<Fd>(std::uint16_t)> dial);

}  // namespace spoke::cluster
