// What others ask the operator itself over HTTP: Prometheus for metrics, the kubelet whether it lives.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "net/http_server.h"

namespace spoke::op {

struct ProbeOptions {
  std::string metrics_address;  // "" and "0": none
  std::string metrics_endpoint = "/metrics";
  bool secure_metrics = false;  // over TLS, with a certificate that is made for it: it keeps readers from the wire
  std::string health_address;   // of /healthz and /readyz; "" and "0": none
  std::function<bool()> ready;  // for /readyz; not set: always
};

class Probes {
 public:
  explicit Probes(net::Executor executor) : executor_(std::move(executor)) {}

  // Throws Error where an address is taken, or is none; what listens by then goes on until close().
  void listen(metrics::Registry& registry, const ProbeOptions& options);
  net::Task<> close();

 private:
  net::Executor executor_;
  std::vector<std::unique_ptr<net::HttpServer>> servers_;
};

}  // namespace spoke::op
