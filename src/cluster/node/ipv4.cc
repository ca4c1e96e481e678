#include "cluster/node/ipv4.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace spoke::cluster {

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  Ipv4 address = 0;
  const auto parts = split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  for (const auto& part : parts) {
    if (part.empty() || part.size() > 3 || part.find_first_not_of("0123456789") != std::string::npos)
      return std::nullopt;
    const auto number = to_int(part);
    if (!number || *number > 255) return std::nullopt;
    address = address << 8 | static_cast<Ipv4>(*number);
  }
  return address;
}

std::string format_ipv4(Ipv4 a) { return fmt::format("{}.{}.{}.{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255); }

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto base = parse_ipv4(text.substr(0, slash));
  const auto prefix = to_int(text.substr(slash + 1));
  if (!base || !prefix || *prefix < 1 || *prefix > 30) return std::nullopt;
  const Network network{*base, static_cast<int>(*prefix)};
  if ((*base & ~network.mask()) != 0) return std::nullopt;
  return network;
}

std::optional<Ipv4> next_address(const Network& network, const std::set<Ipv4>& used, Ipv4 last) {
  const Ipv4 first = network.base + 1;
  const Ipv4 end = network.broadcast();
  if (last < first || last >= end) last = end - 1;
  Ipv4 candidate = last;
  do {
    candidate = candidate + 1 == end ? first : candidate + 1;
    if (!used.contains(candidate)) return candidate;
  } while (candidate != last);
  return std::nullopt;
}

}  // namespace spoke::cluster
