#include "cluster/dns/dns_message.h"

#include <algorithm>
#include <array>

namespace spoke::cluster {
namespace {

constexpr size_t kHeader = 12;
constexpr size_t kLongestLabel = 63;
constexpr size_t kLongestName = 255;
constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kAuthoritative = 0x0400;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kRecursionAvailable = 0x0080;
constexpr std::uint16_t kOpcode = 0x7800;
constexpr std::uint16_t kLargestUdp = 1232;  // what passes everywhere unfragmented (DNS flag day 2020)

std::uint16_t u16(std::string_view bytes, size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

void put16(std::string& out, std::uint16_t v) {
  out += static_cast<char>(v >> 8);
  out += static_cast<char>(v & 0xff);
}
void put32(std::string& out, std::uint32_t v) {
  put16(out, static_cast<std::uint16_t>(v >> 16));
  put16(out, static_cast<std::uint16_t>(v & 0xffff));
}

// Labels of a name as the query has it: a backslash takes a dot's meaning away.
std::string wire_name(std::string_view name) {
  std::string out;
  std::string label;
  const auto end = [&] {
    if (label.empty()) return;
    label.resize(std::min(label.size(), kLongestLabel));
    out += static_cast<char>(label.size());
    out += label;
    label.clear();
  };
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '.') {
      end();
    } else {
      if (name[i] == '\\' && i + 1 < name.size()) ++i;
      label += name[i];
    }
  }
  end();
  out += '\0';
  return out;
}

// The name at `at`, which moves behind it. A pointer has nothing to point back to in a question, and is refused.
bool read_name(std::string_view packet, size_t& at, std::string& name) {
  const size_t begin = at;
  for (;;) {
    if (at >= packet.size()) return false;
    const size_t length = static_cast<unsigned char>(packet[at++]);
    if (length == 0) return true;
    if (length > kLongestLabel || at + length > packet.size() || at + length - begin > kLongestName) return false;
    if (!name.empty()) name += '.';
    for (const char c : packet.substr(at, length)) {
      if (c == '.' || c == '\\') name += '\\';
      name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    at += length;
  }
}

// The size that an OPT record among the additional ones allows; where there is none that can be read, nothing.
std::optional<std::uint16_t> edns_size(std::string_view packet, size_t at, size_t records) {
  for (; records > 0; --records) {
    std::string name;
    if (!read_name(packet, at, name) || at + 10 > packet.size()) return std::nullopt;
    const auto type = static_cast<DnsType>(u16(packet, at));
    const std::uint16_t klass = u16(packet, at + 2);
    const size_t length = u16(packet, at + 8);
    at += 10 + length;
    if (at > packet.size()) return std::nullopt;
    if (type == DnsType::OPT && name.empty()) return klass;
  }
  return std::nullopt;
}

void put_record(std::string& out, const DnsRecord& r, const std::string& question_name) {
  if (r.name == question_name) {
    put16(out, 0xc000 | kHeader);  // a pointer to the question
  } else {
    out += wire_name(r.name);
  }
  put16(out, static_cast<std::uint16_t>(r.type));
  put16(out, 1);
  put32(out, r.ttl);
  put16(out, static_cast<std::uint16_t>(r.data.size()));
  out += r.data;
}

std::string header(const DnsQuery& q, std::uint16_t flags, const std::array<size_t, 4>& counts) {
  std::string out;
  put16(out, q.id);
  put16(out, flags);
  for (const size_t count : counts) put16(out, static_cast<std::uint16_t>(count));
  return out;
}

}  // namespace

std::optional<DnsQuery> parse_query(std::string_view packet) {
  if (packet.size() < kHeader) return std::nullopt;
  const std::uint16_t flags = u16(packet, 2);
  if ((flags & (kResponse | kOpcode)) != 0 || u16(packet, 4) != 1 || u16(packet, 6) != 0 || u16(packet, 8) != 0)
    return std::nullopt;
  DnsQuery q;
  q.id = u16(packet, 0);
  q.recursion_desired = (flags & kRecursionDesired) != 0;
  size_t at = kHeader;
  if (!read_name(packet, at, q.name) || at + 4 > packet.size()) return std::nullopt;
  q.type = static_cast<DnsType>(u16(packet, at));
  q.klass = u16(packet, at + 2);
  at += 4;
  q.question = packet.substr(kHeader, at - kHeader);
  if (const auto size = edns_size(packet, at, u16(packet, 10))) {
    q.edns = true;
    q.udp_size = std::clamp<std::uint16_t>(*size, 512, kLargestUdp);
  }
  return q;
}

DnsRecord a_record(std::string name, std::uint32_t ipv4) {
  DnsRecord r{std::move(name), DnsType::A, {}};
  put32(r.data, ipv4);
  return r;
}

DnsRecord cname_record(std::string name, std::string_view target) {
  return {std::move(name), DnsType::CNAME, wire_name(target)};
}

DnsRecord ptr_record(std::string name, std::string_view target) {
  return {std::move(name), DnsType::PTR, wire_name(target)};
}

DnsRecord srv_record(std::string name, std::string_view target, std::uint16_t port, std::uint16_t weight) {
  DnsRecord r{std::move(name), DnsType::SRV, {}};
  put16(r.data, 0);
  put16(r.data, weight);
  put16(r.data, port);
  r.data += wire_name(target);
  return r;
}

DnsRecord soa_record(const std::string& zone) {
  DnsRecord r{zone, DnsType::SOA, wire_name("ns.dns." + zone) + wire_name("hostmaster." + zone)};
  // Serial, refresh, retry, expire, and for how long a "no" may be remembered.
  for (const std::uint32_t number : {1U, 7200U, 1800U, 86400U, 5U}) put32(r.data, number);
  return r;
}

std::string make_reply(const DnsQuery& q, const DnsAnswer& answer, size_t limit) {
  std::uint16_t flags = kResponse | kRecursionAvailable | static_cast<std::uint16_t>(answer.code);
  if (answer.authoritative) flags |= kAuthoritative;
  if (q.recursion_desired) flags |= kRecursionDesired;
  std::string body;
  for (const auto* section : {&answer.answers, &answer.authorities, &answer.additionals}) {
    for (const auto& record : *section) put_record(body, record, q.name);
  }
  std::string opt;
  if (q.edns) {
    opt += '\0';
    put16(opt, static_cast<std::uint16_t>(DnsType::OPT));
    put16(opt, kLargestUdp);
    put32(opt, 0);
    put16(opt, 0);
  }
  const size_t edns = q.edns ? 1 : 0;
  if (kHeader + q.question.size() + body.size() + opt.size() > limit)
    return header(q, flags | kTruncated, {1, 0, 0, edns}) + q.question + opt;
  return header(q, flags, {1, answer.answers.size(), answer.authorities.size(), answer.additionals.size() + edns}) +
         q.question + body + opt;
}

std::optional<std::string> make_format_error(std::string_view packet) {
  if (packet.size() < kHeader || (u16(packet, 2) & kResponse) != 0) return std::nullopt;
  DnsQuery q;
  q.id = u16(packet, 0);
  const bool other = (u16(packet, 2) & kOpcode) != 0;
  const DnsCode code = other ? DnsCode::NotImplemented : DnsCode::FormatError;
  return header(q, static_cast<std::uint16_t>(kResponse | static_cast<std::uint16_t>(code)), {0, 0, 0, 0});
}

}  // namespace spoke::cluster
