// Links, addresses and routes of the network namespace that a socket was opened in, by rtnetlink: what `ip` does,
// without a process for each step.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "cluster/node/ipv4.h"

namespace spoke::cluster {

class Netlink {
 public:
  Netlink();  // belongs to the calling thread's network namespace from here on

  // All throw Error with the kernel's reason.
  void add_bridge(const std::string& name, Ipv4 mac_of);
  // One end here, up and a port of `bridge`; the other is `peer`, down, in the namespace that `peer_ns` is open on.
  // Frames may return by the port they came from (hairpin mode): with br_netfilter that is how a pod reaches itself by
  // a Service.
  void add_veth(const std::string& name, const std::string& bridge, const std::string& peer, int peer_ns,
                Ipv4 peer_mac_of, int mtu);
  void set_up(const std::string& link);
  // All three are fine where it is there already.
  void add_address(const std::string& link, Ipv4 address, int prefix);
  void add_route(const Network& to, const std::string& link);  // what is reached by that link itself
  void add_default_route(Ipv4 gateway);
  void remove_link(const std::string& name);  // fine where there is none

 private:
  void request(std::vector<char> message, const std::string& doing, int tolerated_error = 0);
  Fd socket_;
  unsigned sequence_ = 0;
};

bool link_exists(const std::string& name);

}  // namespace spoke::cluster
