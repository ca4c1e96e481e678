#include "cluster/node/network_rules.h"

#include <fmt/format.h>

namespace spoke::cluster {

std::string chain_name(const NodeOptions& options, const std::string& name) {
  constexpr size_t kLongest = 28;  // XT_EXTENSION_MAXNAMELEN, less its end
  std::string chain = options.bridge == "spoke0" ? "SPOKE-" + name : fmt::format("SPOKE-{}-{}", options.bridge, name);
  if (chain.size() > kLongest)
    fail("the bridge's name {} is too long by {} characters", options.bridge, chain.size() - kLongest);
  return chain;
}

std::vector<RuleJump> rule_jumps(const NodeOptions& options) {
  const auto chain = [&](const char* name) { return chain_name(options, name); };
  return {{"nat", "PREROUTING", chain("SERVICES")},     {"nat", "OUTPUT", chain("SERVICES")},
          {"nat", "POSTROUTING", chain("POSTROUTING")}, {"nat", "POSTROUTING", chain("HAIRPIN")},
          {"filter", "FORWARD", chain("FORWARD")},      {"filter", "INPUT", chain("INPUT")},
          {"filter", "OUTPUT", chain("OUTPUT")}};
}

std::string network_rules(const NodeOptions& options) {
  const auto chain = [&](const char* name) { return chain_name(options, name); };
  const auto refuse = [&](const char* from) {
    return fmt::format("-A {0} -d {1} -p tcp -j REJECT --reject-with tcp-reset\n-A {0} -d {1} -j REJECT\n", chain(from),
                       options.service_network);
  };
  std::string out = "*nat\n";
  out += fmt::format(":{} - [0:0]\n", chain("POSTROUTING"));
  out += fmt::format("-A {} -s {} ! -d {} -j MASQUERADE\n", chain("POSTROUTING"), options.pod_network,
                     options.pod_network);
  out += "COMMIT\n*filter\n";
  for (const char* name : {"FORWARD", "INPUT", "OUTPUT"}) out += fmt::format(":{} - [0:0]\n", chain(name));
  out += refuse("FORWARD");
  out += fmt::format("-A {} -i {} -j ACCEPT\n", chain("FORWARD"), options.bridge);
  out += fmt::format("-A {} -o {} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n", chain("FORWARD"),
                     options.bridge);
  out += fmt::format("-A {} -i {} -j ACCEPT\n", chain("INPUT"), options.bridge);
  out += refuse("OUTPUT");
  out += "COMMIT\n";
  return out;
}

std::string service_rules(const NodeOptions& options, const std::vector<ServicePort>& ports) {
  const std::string services = chain_name(options, "SERVICES");
  const std::string hairpin = chain_name(options, "HAIRPIN");
  std::string out = fmt::format("*nat\n:{} - [0:0]\n:{} - [0:0]\n", services, hairpin);
  std::set<std::string> addresses;
  for (const auto& port : ports) {
    size_t left = port.endpoints.size();
    for (const auto& [address, number] : port.endpoints) {
      // Of n that are left, each takes its share; the last takes the rest.
      const std::string chance =
          left > 1 ? fmt::format(" -m statistic --mode random --probability {:.8f}", 1.0 / static_cast<double>(left))
                   : "";
      out += fmt::format("-A {} -d {}/32 -p {} --dport {}{} -j DNAT --to-destination {}:{}\n", services, port.ip,
                         port.protocol, port.port, chance, address, number);
      addresses.insert(address);
      --left;
    }
  }
  // A pod that reaches itself by a Service would see its own address as the sender, and refuse.
  for (const auto& address : addresses)
    out += fmt::format("-A {} -s {}/32 -d {}/32 -j MASQUERADE\n", hairpin, address, address);
  out += "COMMIT\n";
  return out;
}

}  // namespace spoke::cluster
