// The machine's side of the pod network: a bridge, forwarding, and rules in chains of our own, named after the bridge.
// Other networks on the machine (Docker, CNI plug-ins) keep their bridges and chains.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>

#include "base/process.h"
#include "base/strings.h"
#include "cluster/node/ipv4.h"
#include "cluster/node/netlink.h"
#include "cluster/node/network_rules.h"
#include "cluster/node/node.h"

namespace spoke::cluster {
namespace {

void set_sysctl(const std::string& file, const char* value) {
  if (trim(try_read_file(file).value_or("")) == value) return;
  // Not by write_file: /proc takes no renames.
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), value, 1) != 1) fail_errno("write " + file);
}

Network network_of(const std::string& text) {
  const auto network = parse_network(text);
  if (!network) fail("\"{}\" is no network; an example is 10.85.0.0/16", text);
  return *network;
}

bool jumps(const RuleJump& jump) {
  return run({"iptables", "-w", "5", "-t", jump.table, "-C", jump.from, "-j", jump.to}).exit_code == 0;
}

// A name that one process alone can have, in the network namespace that the bridge is in, until it ends; empty where
// another has it.
Fd claim(const std::string& bridge) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) fail_errno("make a socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "spoke network " + bridge;
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);  // after a zero: no file
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return fd;
  if (errno != EADDRINUSE) fail_errno("claim the network " + bridge);
  return {};
}

}  // namespace

Fd set_up_network(const NodeOptions& options) {
  Fd mine = claim(options.bridge);
  if (!mine)
    fail("the network {} is that of another cluster of this machine; stop that with `spoke down`, or use --no-node",
         options.bridge);
  const Network pods = network_of(options.pod_network);
  const Network services = network_of(options.service_network);
  const auto gateway = parse_ipv4(options.gateway);
  if (!gateway || !pods.holds(*gateway))
    fail("the gateway {} is not in the pod network {}", options.gateway, options.pod_network);
  Netlink netlink;
  netlink.add_bridge(options.bridge, *gateway);
  netlink.set_up(options.bridge);
  netlink.add_address(options.bridge, *gateway, pods.prefix);
  // So that the machine itself has a way to ClusterIPs, and speaks to them from the bridge's address, which pods
  // answer.
  netlink.add_route(services, options.bridge);
  set_sysctl("/proc/sys/net/ipv4/ip_forward", "1");
  // Pods go by the machine to each other on purpose (sandbox.cc): no need to tell them otherwise.
  set_sysctl("/proc/sys/net/ipv4/conf/" + options.bridge + "/send_redirects", "0");
  run_or_fail({"iptables-restore", "-w", "5", "--noflush"}, network_rules(options));
  for (const auto& jump : rule_jumps(options)) {
    run({"iptables", "-w", "5", "-t", jump.table, "-N",
         jump.to});  // those of services, which are not ours to empty here
    if (!jumps(jump)) run_or_fail({"iptables", "-w", "5", "-t", jump.table, "-I", jump.from, "-j", jump.to});
  }
  return mine;
}

void tear_down_network(const NodeOptions& options) {
  const Fd mine = claim(options.bridge);
  if (!mine) return;
  for (const auto& jump : rule_jumps(options)) {
    while (run({"iptables", "-w", "5", "-t", jump.table, "-D", jump.from, "-j", jump.to}).exit_code == 0) {
    }
    run({"iptables", "-w", "5", "-t", jump.table, "-F", jump.to});
    run({"iptables", "-w", "5", "-t", jump.table, "-X", jump.to});
  }
  Netlink().remove_link(options.bridge);
}

}  // namespace spoke::cluster
