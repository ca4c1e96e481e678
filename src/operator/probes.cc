#include "operator/probes.h"

#include <algorithm>

#include "base/log.h"
#include "net/bind_address.h"
#include "net/tls.h"

namespace spoke::op {
namespace {

using net::Task;

constexpr Duration kCertificatesTime = std::chrono::hours(24 * 3650);
constexpr Duration kSkew = std::chrono::minutes(5);  // a reader's clock may be behind
constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kMetrics = "text/plain; version=0.0.4; charset=utf-8";

Task<> answer(net::Exchange& exchange, int status, const char* type, std::string body) {
  net::Response response{status, {{"Content-Type", type}}, std::move(body)};
  co_await exchange.respond(std::move(response));
}

// Nobody can tell whose it is: as controller-runtime's, which is what Prometheus is set up for (insecure_skip_verify).
net::KeyAndCert own_certificate() {
  const Time from = now() - kSkew;
  return net::make_server_cert(net::make_ca("spoke-metrics-ca", from, kCertificatesTime), "spoke-metrics",
                               {"localhost"}, from, kCertificatesTime);
}

// `text` of some paths, for GET and HEAD alone.
Task<> serve(net::Exchange& exchange, const std::vector<std::string>& paths, const char* type,
             const std::function<std::string()>& text) {
  const net::Request& request = exchange.request();
  if (std::ranges::find(paths, request.path) == paths.end()) return answer(exchange, 404, kText, "not found\n");
  if (request.method != "GET" && request.method != "HEAD") return answer(exchange, 405, kText, "GET it\n");
  return answer(exchange, 200, type, text());
}

}  // namespace

void Probes::listen(metrics::Registry& registry, const ProbeOptions& options) {
  const auto listen_at = [&](const char* option, const std::string& where, bool secure, net::Handler handler) {
    if (where.empty() || where == "0") return;
    const auto at = net::BindAddress::parse(where);
    net::ServerOptions server_options{.port_option = option};
    if (secure) {
      const auto made = own_certificate();
      server_options.key_pem = made.key;
      server_options.cert_pem = made.cert;
    }
    auto server = std::make_unique<net::HttpServer>(executor_, std::move(server_options), std::move(handler));
    server->listen(at.address, at.port);
    log::info("listening", "for", option + 2, "address", where);
    servers_.push_back(std::move(server));
  };
  listen_at("--metrics-bind-address", options.metrics_address, options.secure_metrics,
            [&registry, endpoint = options.metrics_endpoint](net::Exchange& exchange) {
              return serve(exchange, {endpoint}, kMetrics, [&registry] { return registry.text(); });
            });
  // Whoever answers lives: its loop turns. One that stands by is as ready as one that leads.
  listen_at("--health-probe-bind-address", options.health_address, false,
            [ready = options.ready](net::Exchange& exchange) -> Task<> {
              if (exchange.request().path == "/readyz" && ready && !ready())
                return answer(exchange, 503, kText, "not ready\n");
              return serve(exchange, {"/healthz", "/readyz"}, kText, [] { return "ok"; });
            });
}

Task<> Probes::close() {
  for (auto& server : servers_) co_await server->close();
}

}  // namespace spoke::op
