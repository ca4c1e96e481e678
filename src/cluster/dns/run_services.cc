// What makes services reachable, by address and by name, from one watch of them.
#include "cluster/dns/dns_server.h"
#include "cluster/node/node.h"
#include "cluster/node/services.h"
#include "cluster/node/within.h"

namespace spoke::cluster {

client::Task<> run_services(client::Api& api, NodeOptions options) {
  const auto pods = parse_network(options.pod_network);
  const auto services = parse_network(options.service_network);
  if (!pods || !services)
    fail("{} and {} have to be networks; an example is 10.85.0.0/16", options.pod_network, options.service_network);
  DnsOptions dns;
  dns.address = options.gateway;
  dns.zone = {options.cluster_domain, *pods, *services};
  ServiceTable table;
  net::Event changed(co_await net::this_executor());
  co_await both(
      both(watch_services(api, table, [&changed] { changed.notify(); }), route_services(table, changed, options)),
      serve_dns(table, std::move(dns)));
}

}  // namespace spoke::cluster
