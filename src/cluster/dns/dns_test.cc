// DNS: messages of any make, the names of a cluster, and a server that forwards what it does not know.
#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/strings.h"
#include "cluster/dns/cluster_names.h"
#include "cluster/dns/dns_message.h"
#include "cluster/dns/dns_server.h"
#include "cluster/node/test_support.h"
#include "cluster/node/within.h"
#include "data/yaml.h"
#include "net/scope.h"

namespace spoke::cluster {
namespace {

using namespace std::string_literals;

std::string u16(unsigned v) { return {static_cast<char>(v >> 8), static_cast<char>(v & 0xff)}; }

std::string wire(const std::string& name) {
  std::string out;
  for (const auto& label : split(name, '.')) {
    if (!label.empty()) out += static_cast<char>(label.size()) + label;
  }
  return out + '\0';
}

std::string question(const std::string& name, unsigned type, unsigned id = 0x1234, const std::string& additional = "") {
  return u16(id) + u16(0x0100) + u16(1) + u16(0) + u16(0) + u16(additional.empty() ? 0 : 1) + wire(name) + u16(type) +
         u16(1) + additional;
}

std::string opt(unsigned size) { return "\0"s + u16(41) + u16(size) + "\0\0\0\0"s + u16(0); }

TEST(DnsMessage, ReadsAQuestion) {
  const auto q = parse_query(question("Driver.NS.svc.cluster.local", 28));
  ASSERT_TRUE(q);
  EXPECT_EQ(q->id, 0x1234);
  EXPECT_EQ(q->name, "driver.ns.svc.cluster.local");
  EXPECT_EQ(q->type, DnsType::AAAA);
  EXPECT_TRUE(q->recursion_desired);
  EXPECT_EQ(q->udp_size, 512);
  EXPECT_FALSE(q->edns);
  EXPECT_EQ(parse_query(question("", 1))->name, "");
}

TEST(DnsMessage, ReadsHowLargeAnAnswerMayBe) {
  EXPECT_EQ(parse_query(question("a", 1, 1, opt(4096)))->udp_size, 1232);
  EXPECT_EQ(parse_query(question("a", 1, 1, opt(900)))->udp_size, 900);
  EXPECT_EQ(parse_query(question("a", 1, 1, opt(1)))->udp_size, 512);
}

TEST(DnsMessage, ADotInsideOfALabelIsNoSeparator) {
  const std::string packet =
      u16(1) + u16(0) + u16(1) + u16(0) + u16(0) + u16(0) + "\x03"s + "a.b" + '\0' + u16(1) + u16(1);
  EXPECT_EQ(parse_query(packet)->name, "a\\.b");
}

TEST(DnsMessage, RefusesWhatIsNoQuestion) {
  const std::string good = question("a.b", 1);
  for (size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(parse_query(good.substr(0, n))) << n;
  const std::string header = u16(1) + u16(0) + u16(1) + u16(0) + u16(0) + u16(0);
  EXPECT_FALSE(parse_query(u16(1) + u16(0x8000) + good.substr(4)));        // an answer
  EXPECT_FALSE(parse_query(u16(1) + u16(0x2800) + good.substr(4)));        // an update
  EXPECT_FALSE(parse_query(good.substr(0, 4) + u16(2) + good.substr(6)));  // two questions
  EXPECT_FALSE(parse_query(header + "\xc0\x0c" + u16(1) + u16(1)));        // a name that points to itself
  EXPECT_FALSE(parse_query(header + "\x40"s + std::string(64, 'a') + "\0"s + u16(1) + u16(1)));  // a label too long
  std::string longest;
  for (int i = 0; i < 10; ++i) longest += "\x3f"s + std::string(63, 'a');
  EXPECT_FALSE(parse_query(header + longest + "\0"s + u16(1) + u16(1)));  // a name too long
  EXPECT_EQ(make_format_error("short"), std::nullopt);
  EXPECT_EQ(make_format_error(u16(1) + u16(0x8000) + good.substr(4)), std::nullopt);  // never answer an answer
  EXPECT_EQ(make_format_error(header)->substr(0, 4), u16(1) + u16(0x8001));
  EXPECT_EQ(make_format_error(u16(1) + u16(0x2800) + good.substr(4))->substr(0, 4), u16(1) + u16(0x8004));
}

TEST(DnsMessage, WritesAnAnswer) {
  const auto q = parse_query(question("a.b", 1));
  DnsAnswer answer;
  answer.answers = {a_record("a.b", 0x0a550007)};
  EXPECT_EQ(make_reply(*q, answer, 512), u16(0x1234) + u16(0x8580) + u16(1) + u16(1) + u16(0) + u16(0) + wire("a.b") +
                                             u16(1) + u16(1) + "\xc0\x0c" + u16(1) + u16(1) + "\0\0\0\x05"s + u16(4) +
                                             "\x0a\x55\x00\x07"s);
}

TEST(DnsMessage, SaysWhenAnAnswerDoesNotFit) {
  const auto q = parse_query(question("a.b", 1, 7, opt(512)));
  DnsAnswer answer;
  for (unsigned i = 0; i < 100; ++i) answer.answers.push_back(a_record("a.b", i));
  const std::string reply = make_reply(*q, answer, q->udp_size);
  EXPECT_LE(reply.size(), 512U);
  EXPECT_NE(static_cast<unsigned char>(reply[2]) & 0x02, 0);
  EXPECT_EQ(reply.substr(6, 2), u16(0));
  EXPECT_GT(make_reply(*q, answer, 65535).size(), 1600U);
}

ServiceTable table() {
  ServiceTable t;
  const auto add_service = [&](std::string_view ns, std::string_view name, std::string_view spec) {
    json::value s = json::object{{"metadata", json::object{{"name", name}, {"namespace", ns}}}};
    json::set(s, "spec", yaml::parse(spec));
    t.service_changed(nullptr, &s);
  };
  const auto add_slice = [&](std::string_view ns, std::string_view name, std::string_view rest) {
    json::value s = yaml::parse(rest);
    json::set(s, "metadata",
              json::object{
                  {"name", name}, {"namespace", ns}, {"labels", json::object{{"kubernetes.io/service-name", name}}}});
    t.slice_changed(nullptr, &s);
  };
  add_service("default", "kubernetes", "{clusterIP: 10.86.0.1, ports: [{name: https, port: 443}]}");
  add_service("ns", "driver", "{clusterIP: None, ports: [{name: rpc, port: 7078}]}");
  add_slice("ns", "driver",
            "{ports: [{name: rpc, port: 7078}], endpoints: [{addresses: [10.85.0.7], hostname: h}, {addresses: "
            "[10.85.0.8]}]}");
  add_service("ns", "empty", "{clusterIP: None}");
  add_service("ns", "out", "{type: ExternalName, externalName: example.org}");
  add_service("ns", "near", "{type: ExternalName, externalName: kubernetes.default.svc.cluster.local}");
  add_service("ns", "machine", "{type: ExternalName, externalName: localhost}");
  return t;
}

// What is answered, in words: "A 10.86.0.1", "NXDOMAIN", "NODATA", "forward".
std::string asked(const std::string& name, unsigned type) {
  const ServiceTable t = table();
  const ClusterZone zone{"cluster.local", *parse_network("10.85.0.0/16"), *parse_network("10.86.0.0/16")};
  const auto q = parse_query(question(name, type));
  const auto answer = answer_cluster_name(*q, t, zone);
  if (!answer) return "forward";
  if (answer->code == DnsCode::NameError) return "NXDOMAIN";
  if (answer->answers.empty()) return "NODATA";
  std::vector<std::string> words;
  for (const auto& r : answer->answers) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(r.data.data());
    const auto name_at = [&](size_t at) {
      std::string out;
      while (bytes[at] != 0) {
        out += (out.empty() ? "" : ".") + r.data.substr(at + 1, bytes[at]);
        at += 1U + bytes[at];
      }
      return out;
    };
    switch (r.type) {
      case DnsType::A: words.push_back(fmt::format("A {}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3])); break;
      case DnsType::SRV: words.push_back(fmt::format("SRV {} {}", bytes[4] << 8 | bytes[5], name_at(6))); break;
      case DnsType::CNAME: words.push_back("CNAME " + name_at(0)); break;
      case DnsType::PTR: words.push_back("PTR " + name_at(0)); break;
      default: words.emplace_back("SOA");
    }
  }
  return join(words, ", ");
}

TEST(ClusterNames, Table) {
  constexpr unsigned kA = 1, kSoa = 6, kPtr = 12, kAaaa = 28, kSrv = 33;
  const std::tuple<const char*, unsigned, const char*> cases[] = {
      {"kubernetes.default.svc.cluster.local", kA, "A 10.86.0.1"},
      {"KUBERNETES.default.svc.cluster.local", kA, "A 10.86.0.1"},
      {"kubernetes.default.svc.cluster.local", kAaaa, "NODATA"},
      {"_https._tcp.kubernetes.default.svc.cluster.local", kSrv, "SRV 443 kubernetes.default.svc.cluster.local"},
      {"_http._tcp.kubernetes.default.svc.cluster.local", kSrv, "NXDOMAIN"},
      {"_https._udp.kubernetes.default.svc.cluster.local", kSrv, "NXDOMAIN"},
      {"driver.ns.svc.cluster.local", kA, "A 10.85.0.7, A 10.85.0.8"},
      {"h.driver.ns.svc.cluster.local", kA, "A 10.85.0.7"},
      {"10-85-0-8.driver.ns.svc.cluster.local", kA, "A 10.85.0.8"},
      {"h.driver.ns.svc.cluster.local", kAaaa, "NODATA"},
      {"x.driver.ns.svc.cluster.local", kA, "NXDOMAIN"},
      {"a.b.c.driver.ns.svc.cluster.local", kA, "NXDOMAIN"},
      {"h.kubernetes.default.svc.cluster.local", kA, "NXDOMAIN"},
      {"_rpc._tcp.driver.ns.svc.cluster.local", kSrv,
       "SRV 7078 h.driver.ns.svc.cluster.local, SRV 7078 10-85-0-8.driver.ns.svc.cluster.local"},
      {"empty.ns.svc.cluster.local", kA, "NODATA"},
      {"out.ns.svc.cluster.local", kA, "CNAME example.org"},
      {"nothing.ns.svc.cluster.local", kA, "NXDOMAIN"},
      {"driver.other.svc.cluster.local", kA, "NXDOMAIN"},
      {"ns.svc.cluster.local", kA, "NODATA"},
      {"other.svc.cluster.local", kA, "NXDOMAIN"},
      {"svc.cluster.local", kA, "NODATA"},
      {"cluster.local", kSoa, "SOA"},
      {"x.cluster.local", kA, "NXDOMAIN"},
      {"10-85-0-9.ns.pod.cluster.local", kA, "A 10.85.0.9"},
      {"10-99-0-9.ns.pod.cluster.local", kA, "NXDOMAIN"},
      {"junk.ns.pod.cluster.local", kA, "NXDOMAIN"},
      {"7.0.85.10.in-addr.arpa", kPtr, "PTR h.driver.ns.svc.cluster.local"},
      {"8.0.85.10.in-addr.arpa", kPtr, "PTR 10-85-0-8.driver.ns.svc.cluster.local"},
      {"1.0.86.10.in-addr.arpa", kPtr, "PTR kubernetes.default.svc.cluster.local"},
      {"99.0.85.10.in-addr.arpa", kPtr, "NXDOMAIN"},
      {"1.2.0.192.in-addr.arpa", kPtr, "forward"},
      {"x.in-addr.arpa", kPtr, "forward"},
      {"example.org", kA, "forward"},
      {"notcluster.local", kA, "forward"},
      {"", kA, "forward"},
  };
  for (const auto& [name, type, expected] : cases) EXPECT_EQ(asked(name, type), expected) << name << " " << type;
}

TEST(Upstreams, OfTheMachineButNotOurselves) {
  EXPECT_EQ(upstreams("# x\nnameserver 10.85.0.1\n nameserver\t9.9.9.9\nsearch a\nnameserver fd00::1\nnameserver\n",
                      "10.85.0.1"),
            (std::vector<std::string>{"9.9.9.9", "fd00::1"}));
}

namespace asio = boost::asio;
using asio::ip::udp;

net::Task<std::string> exchange(std::uint16_t port, std::string packet) {
  udp::socket socket(co_await net::this_executor(), udp::v4());
  co_await socket.async_connect({asio::ip::make_address("127.0.0.1"), port}, asio::use_awaitable);
  co_await socket.async_send(asio::buffer(packet), asio::use_awaitable);
  std::string reply(2000, '\0');
  reply.resize(co_await socket.async_receive(asio::buffer(reply), asio::use_awaitable));
  co_return reply;
}

// An upstream that answers every question with `body` behind the question's id.
net::Task<> upstream(udp::socket& socket, std::string body) {
  for (;;) {
    std::string packet(2000, '\0');
    udp::endpoint from;
    packet.resize(co_await socket.async_receive_from(asio::buffer(packet), from, asio::use_awaitable));
    co_await socket.async_send_to(asio::buffer(packet.substr(0, 2) + body), from, asio::use_awaitable);
  }
}

std::uint16_t free_port() {
  asio::io_context loop;
  return udp::socket(loop, {asio::ip::make_address("127.0.0.1"), 0}).local_endpoint().port();
}

net::Task<> server_answers_and_forwards(Path dir) {
  const auto executor = co_await net::this_executor();
  const ServiceTable t = table();
  udp::socket socket(executor, {asio::ip::make_address("127.0.0.1"), 0});
  DnsOptions options;
  options.address = "127.0.0.1";
  options.port = free_port();
  options.zone = {"cluster.local", *parse_network("10.85.0.0/16"), *parse_network("10.86.0.0/16")};
  options.resolv_conf = dir / "resolv.conf";
  options.upstream_port = socket.local_endpoint().port();
  net::Scope scope(executor);
  scope.spawn("dns", serve_dns(t, options));
  scope.spawn("upstream", upstream(socket, u16(0x8180) + "the rest of it"));

  const auto own = co_await within(std::chrono::seconds(2),
                                   exchange(options.port, question("kubernetes.default.svc.cluster.local", 1)));
  EXPECT_TRUE(own && own->ends_with("\x0a\x56\x00\x01"s));
  const auto near =
      co_await within(std::chrono::seconds(2), exchange(options.port, question("near.ns.svc.cluster.local", 1)));
  EXPECT_TRUE(near && near->ends_with("\x0a\x56\x00\x01"s));  // behind the alias, the address
  const auto machine =
      co_await within(std::chrono::seconds(2), exchange(options.port, question("machine.ns.svc.cluster.local", 1)));
  EXPECT_TRUE(machine && machine->ends_with("\x7f\x00\x00\x01"s));
  const auto nobody =
      co_await within(std::chrono::seconds(2), exchange(options.port, question("example.org", 1, 0x4242)));
  EXPECT_TRUE(nobody && nobody->substr(0, 4) == u16(0x4242) + u16(0x8182));  // no upstream: a server's failure
  write_file(options.resolv_conf, "nameserver 127.0.0.2\n");
  const auto silent =
      co_await within(std::chrono::seconds(5), exchange(options.port, question("example.org", 1, 0x4242)));
  EXPECT_TRUE(silent && silent->substr(2, 2) == u16(0x8182));
  // The server itself is on 127.0.0.1 here, so the upstream has to be called by another of its names.
  udp::socket second(executor, {asio::ip::make_address("127.0.0.3"), options.upstream_port});
  scope.spawn("upstream", upstream(second, u16(0x8180) + "the rest of it"));
  write_file(options.resolv_conf, "nameserver 127.0.0.2\nnameserver 127.0.0.3\n");
  const auto forwarded =
      co_await within(std::chrono::seconds(5), exchange(options.port, question("example.org", 1, 0x4242)));
  EXPECT_TRUE(forwarded && *forwarded == u16(0x4242) + u16(0x8180) + "the rest of it");
  const auto broken = co_await within(std::chrono::seconds(2), exchange(options.port, question("a", 1).substr(0, 14)));
  EXPECT_TRUE(broken && broken->substr(2, 2) == u16(0x8001));
  co_await scope.close();
}

TEST(DnsServer, AnswersForTheClusterAndForwardsTheRest) {
  const TempDir dir;
  on_loop([&] { return server_answers_and_forwards(dir.path()); });
}

}  // namespace
}  // namespace spoke::cluster
