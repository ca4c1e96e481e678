// A port of a pod on this machine: connections to a local port go to it through the API server.
// Source: Kubernetes' pods/portforward over WebSockets, protocol v4.channel.k8s.io (kubelet, pkg/cri/streaming).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "client/http_api.h"

namespace spoke::client {

// "ports" of /portforward, and what its messages begin with: a byte, two channels for each port.
constexpr std::string_view kPortForwardProtocol = "v4.channel.k8s.io";

struct ForwardedPort {
  std::string ns, pod;
  std::uint16_t port = 0;
};

class PortForward {
 public:
  // `tell` takes what goes wrong with single connections, a sentence each.
  PortForward(net::Executor executor, HttpApi& api, ForwardedPort to, std::function<void(const std::string&)> tell);
  ~PortForward();

  // Listens on 127.0.0.1 and answers the port; 0: any. Throws Error where it is taken.
  std::uint16_t listen(std::uint16_t port);
  Task<> run();  // serves connections until it is cancelled

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spoke::client
