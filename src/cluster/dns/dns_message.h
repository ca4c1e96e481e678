// DNS messages (RFC 1035, 6891): reads a question from a packet of unknown make, writes an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spoke::cluster {

enum class DnsType : std::uint16_t { A = 1, CNAME = 5, SOA = 6, PTR = 12, AAAA = 28, SRV = 33, OPT = 41, ANY = 255 };

enum class DnsCode : std::uint8_t {
  NoError = 0,
  FormatError = 1,
  ServerFailure = 2,
  NameError = 3,
  NotImplemented = 4
};

struct DnsQuery {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  std::string
      name;  // lower case, no dot at the end; "" is the root. A dot or backslash inside of a label has a backslash
  DnsType type = DnsType::A;
  std::uint16_t klass = 1;       // 1: IN
  std::string question;          // as it came, to be repeated
  std::uint16_t udp_size = 512;  // how large an answer by UDP may be
  bool edns = false;             // the answer then has an OPT record too
};

// Nothing where the packet is no plain query with one question.
std::optional<DnsQuery> parse_query(std::string_view packet);

struct DnsRecord {
  std::string name;
  DnsType type = DnsType::A;
  std::string data;       // as in the packet; see the makers below
  std::uint32_t ttl = 5;  // seconds; names in a cluster change with its pods (CoreDNS, plugin kubernetes)
};
DnsRecord a_record(std::string name, std::uint32_t ipv4);
DnsRecord cname_record(std::string name, std::string_view target);
DnsRecord ptr_record(std::string name, std::string_view target);
DnsRecord srv_record(std::string name, std::string_view target, std::uint16_t port, std::uint16_t weight);
DnsRecord soa_record(const std::string& zone);

struct DnsAnswer {
  DnsCode code = DnsCode::NoError;
  bool authoritative = true;
  std::vector<DnsRecord> answers, authorities, additionals;
  std::string alias;  // what a CNAME in it leads to: the client expects that name's addresses, too
};

// At most `limit` bytes: where the answers do not fit, none is given and the packet says so (TC); the client comes back
// by TCP.
std::string make_reply(const DnsQuery& query, const DnsAnswer& answer, size_t limit);

// For a packet that could not be read, but whose header could; nothing where not even that.
std::optional<std::string> make_format_error(std::string_view packet);

}  // namespace spoke::cluster
