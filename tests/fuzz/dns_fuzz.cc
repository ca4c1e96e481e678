// Packets of any make: what is no question is refused, and what is one gets an answer that is to it, and not too large.
//
// uses: spoke_node
#include <cstdint>
#include <string_view>

#include "check.h"
#include "cluster/dns/cluster_names.h"
#include "cluster/dns/dns_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  using namespace spoke::cluster;
  static const ServiceTable table;
  static const ClusterZone zone{"cluster.local", *parse_network("10.85.0.0/16"), *parse_network("10.86.0.0/16")};
  const std::string_view packet(reinterpret_cast<const char*>(data), size);
  const auto query = parse_query(packet);
  if (!query) {
    const auto error = make_format_error(packet);
    spoke::fuzz::check(!error || error->size() == 12, "an error is a header alone");
    return 0;
  }
  spoke::fuzz::check(query->udp_size >= 512, "every client takes 512 bytes");
  spoke::fuzz::check(packet.substr(12, query->question.size()) == query->question,
                     "the question is repeated as it came");
  const DnsAnswer answer =
      answer_cluster_name(*query, table, zone).value_or(DnsAnswer{DnsCode::ServerFailure, false, {}, {}, {}});
  const std::string reply = make_reply(*query, answer, query->udp_size);
  spoke::fuzz::check(reply.size() <= query->udp_size, "an answer is no larger than the client takes");
  spoke::fuzz::check(reply.substr(0, 2) == packet.substr(0, 2), "an answer has the question's id");
  return 0;
}
