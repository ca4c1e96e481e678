#include "cluster/node/netlink.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace spoke::cluster {
namespace {

// A request under construction: header, family header, attributes that may nest.
class Message {
 public:
  template <class Header>
  Message(int type, int flags, const Header& header) {
    nlmsghdr head{};
    head.nlmsg_type = static_cast<__u16>(type);
    head.nlmsg_flags = static_cast<__u16>(NLM_F_REQUEST | NLM_F_ACK | flags);
    append(&head, sizeof head);
    append(&header, sizeof header);
  }

  template <class Value>
  Message& put(int type, const Value& value) {
    return attribute(type, &value, sizeof value);
  }
  Message& text(int type, const std::string& value) { return attribute(type, value.c_str(), value.size() + 1); }
  Message& raw(const void* data, size_t size) {
    append(data, size);
    return *this;
  }
  Message& mac(int type, Ipv4 of) {
    // Locally administered, and the address itself: neighbours' caches stay right when an address gets a new owner.
    const unsigned char bytes[6] = {0x02,
                                    0x55,
                                    static_cast<unsigned char>(of >> 24),
                                    static_cast<unsigned char>(of >> 16),
                                    static_cast<unsigned char>(of >> 8),
                                    static_cast<unsigned char>(of)};
    return attribute(type, bytes, sizeof bytes);
  }

  size_t begin(int type) {
    const size_t at = bytes_.size();
    attribute(type, nullptr, 0);
    return at;
  }
  void end(size_t at) {
    reinterpret_cast<rtattr*>(&bytes_[at])->rta_len = static_cast<unsigned short>(bytes_.size() - at);
  }

  std::vector<char> take() { return std::move(bytes_); }

 private:
  Message& attribute(int type, const void* data, size_t size) {
    rtattr head{};
    head.rta_type = static_cast<unsigned short>(type);
    head.rta_len = static_cast<unsigned short>(RTA_LENGTH(size));
    append(&head, sizeof head);
    append(data, size);
    return *this;
  }
  void append(const void* data, size_t size) {
    if (size != 0) bytes_.insert(bytes_.end(), static_cast<const char*>(data), static_cast<const char*>(data) + size);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }
  std::vector<char> bytes_;
};

ifinfomsg link_header(int index = 0, unsigned flags = 0, int family = AF_UNSPEC) {
  ifinfomsg header{};
  header.ifi_family = static_cast<unsigned char>(family);
  header.ifi_index = index;
  header.ifi_flags = flags;
  header.ifi_change = flags;
  return header;
}

rtmsg route_header(int prefix, unsigned char scope) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = static_cast<unsigned char>(prefix);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_BOOT;
  header.rtm_scope = scope;
  header.rtm_type = RTN_UNICAST;
  return header;
}

int index_of(const std::string& link) {
  const unsigned index = ::if_nametoindex(link.c_str());
  if (index == 0) fail("there is no network link {}", link);
  return static_cast<int>(index);
}

}  // namespace

Netlink::Netlink() : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
  if (!socket_) fail_errno("open a netlink socket");
}

void Netlink::request(std::vector<char> message, const std::string& doing, int tolerated_error) {
  auto* head = reinterpret_cast<nlmsghdr*>(message.data());
  head->nlmsg_len = static_cast<__u32>(message.size());
  head->nlmsg_seq = ++sequence_;
  if (::send(socket_.get(), message.data(), message.size(), 0) < 0) fail_errno(doing);
  alignas(nlmsghdr) char answer[8192];
  for (;;) {
    const ssize_t n = ::recv(socket_.get(), answer, sizeof answer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_errno(doing);
    const auto* got = reinterpret_cast<const nlmsghdr*>(answer);
    if (!NLMSG_OK(got, static_cast<size_t>(n)) || got->nlmsg_type != NLMSG_ERROR || got->nlmsg_seq != sequence_)
      continue;
    errno = -static_cast<const nlmsgerr*>(NLMSG_DATA(got))->error;
    if (errno != 0 && errno != tolerated_error) fail_errno(doing);
    return;
  }
}

void Netlink::add_bridge(const std::string& name, Ipv4 mac_of) {
  Message m(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link_header());
  m.text(IFLA_IFNAME, name).mac(IFLA_ADDRESS, mac_of);
  const size_t info = m.begin(IFLA_LINKINFO);
  m.text(IFLA_INFO_KIND, "bridge");
  m.end(info);
  request(m.take(), "add bridge " + name, EEXIST);
}

void Netlink::add_veth(const std::string& name, const std::string& bridge, const std::string& peer, int peer_ns,
                       Ipv4 peer_mac_of, int mtu) {
  Message m(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link_header(0, IFF_UP));
  m.text(IFLA_IFNAME, name).put(IFLA_MASTER, index_of(bridge)).put(IFLA_MTU, mtu);
  const size_t info = m.begin(IFLA_LINKINFO);
  m.text(IFLA_INFO_KIND, "veth");
  const size_t data = m.begin(IFLA_INFO_DATA);
  const size_t other = m.begin(VETH_INFO_PEER);
  const ifinfomsg header = link_header();
  m.raw(&header, sizeof header).text(IFLA_IFNAME, peer).put(IFLA_NET_NS_FD, peer_ns).put(IFLA_MTU, mtu);
  m.mac(IFLA_ADDRESS, peer_mac_of);
  m.end(other);
  m.end(data);
  m.end(info);
  request(m.take(), "add link " + name);

  Message port(RTM_SETLINK, 0, link_header(index_of(name), 0, AF_BRIDGE));
  const size_t options = port.begin(IFLA_PROTINFO | NLA_F_NESTED);
  port.put(IFLA_BRPORT_MODE, __u8{1});
  port.end(options);
  request(port.take(), "set hairpin mode of " + name);
}

void Netlink::set_up(const std::string& link) {
  request(Message(RTM_NEWLINK, 0, link_header(index_of(link), IFF_UP)).take(), "set up " + link);
}

void Netlink::add_address(const std::string& link, Ipv4 address, int prefix) {
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = static_cast<__u8>(prefix);
  header.ifa_index = static_cast<__u32>(index_of(link));
  Message m(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header);
  m.put(IFA_LOCAL, htonl(address)).put(IFA_ADDRESS, htonl(address));
  request(m.take(), fmt::format("add address {} to {}", format_ipv4(address), link), EEXIST);
}

void Netlink::add_route(const Network& to, const std::string& link) {
  Message m(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route_header(to.prefix, RT_SCOPE_LINK));
  m.put(RTA_DST, htonl(to.base)).put(RTA_OIF, index_of(link));
  request(m.take(), fmt::format("add a route to {}/{} by {}", format_ipv4(to.base), to.prefix, link), EEXIST);
}

void Netlink::add_default_route(Ipv4 gateway) {
  Message m(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route_header(0, RT_SCOPE_UNIVERSE));
  m.put(RTA_GATEWAY, htonl(gateway));
  request(m.take(), "add a default route by " + format_ipv4(gateway), EEXIST);
}

void Netlink::remove_link(const std::string& name) {
  if (!link_exists(name)) return;
  request(Message(RTM_DELLINK, 0, link_header(index_of(name))).take(), "remove link " + name, ENODEV);
}

bool link_exists(const std::string& name) { return ::if_nametoindex(name.c_str()) != 0; }

}  // namespace spoke::cluster
