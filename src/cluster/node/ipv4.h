// IPv4 addresses and networks, and which address a new pod gets.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace spoke::cluster {

using Ipv4 = std::uint32_t;  // in host order: 10.85.0.1 is 0x0a550001

std::optional<Ipv4> parse_ipv4(std::string_view text);  // dotted, four decimal numbers; nothing else
std::string format_ipv4(Ipv4 address);

struct Network {
  Ipv4 base = 0;
  int prefix = 32;  // at least 1

  Ipv4 mask() const { return ~Ipv4{0} << (32 - prefix); }
  Ipv4 broadcast() const { return base | ~mask(); }
  bool holds(Ipv4 address) const { return address >= base && address <= broadcast(); }
};

// "10.85.0.0/16"; nothing where it is malformed, has bits set behind the prefix, or no room for a host (prefix over
// 30).
std::optional<Network> parse_network(std::string_view text);

// The next free address after `last`, round the network, so that an address rests before it is given out again: peers
// may still hold connections to its former owner. Nothing where all are taken.
std::optional<Ipv4> next_address(const Network& network, const std::set<Ipv4>& used, Ipv4 last);

}  // namespace spoke::cluster
