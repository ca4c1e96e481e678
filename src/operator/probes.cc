#include "operator/probes.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/strings.h"

namespace spoke::op {
namespace {

using net::Task;

constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kMetrics = "text/plain; version=0.0.4; charset=utf-8";

Task<> answer(net::Exchange& exchange, int status, const char* type, std::string body) {
  net::Response response{status, {{"Content-Type", type}}, std::move(body)};
  co_await exchange.respond(std::move(response));
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

BindAddress BindAddress::parse(const std::string& text) {
  const auto colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  const auto number = to_int(port);
  if (!number || *number < 1 || *number > 65535) fail("\"{}\" is no address to listen on, as :8080", text);
  std::string address = colon == std::string::npos ? "" : text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return {address, static_cast<std::uint16_t>(*number)};
}

void Probes::listen(metrics::Registry& registry, const ProbeOptions& options) {
  const auto listen_at = [&](const char* option, const std::string& where, net::Handler handler) {
    if (where.empty() || where == "0") return;
    const BindAddress at = BindAddress::parse(where);
    const net::ServerOptions plain{.port_option = option};
    auto server = std::make_unique<net::HttpServer>(executor_, plain, std::move(handler));
    server->listen(at.address, at.port);
    log::info("listening", "for", option + 2, "address", where);
    servers_.push_back(std::move(server));
  };
  listen_at("--metrics-bind-address", options.metrics_address,
            [&registry, endpoint = options.metrics_endpoint](net::Exchange& exchange) {
              return serve(exchange, {endpoint}, kMetrics, [&registry] { return registry.text(); });
            });
  // Whoever answers lives: its loop turns. One that stands by is as ready as one that leads.
  listen_at("--health-probe-bind-address", options.health_address,
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
