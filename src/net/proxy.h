// Proxies between a client and its server: HTTP's CONNECT and SOCKS 5.
#pragma once

#include <boost/beast/core/tcp_stream.hpp>
#include <string>
#include <string_view>

#include "net/task.h"

namespace spoke::net {

struct Proxy {
  enum class Kind { Http, Socks5 } kind = Kind::Http;
  std::string host, port;
  std::string user, password;  // "" for none
};

// "http://[user:password@]host[:port]", "socks5://…", "socks5h://…"; without a scheme, http. The server's name is
// always the proxy's to look up. Throws Error; https to the proxy itself is not known.
Proxy parse_proxy(std::string_view text);

// Whether NO_PROXY's list exempts the server: names and their subdomains, addresses, CIDRs, "*", each with a port or
// not; the machine itself always is (Go's httpproxy).
bool bypasses_proxy(std::string_view host, std::string_view port, std::string_view no_proxy);

// The proxy that the environment names for a server ("https_proxy", "http_proxy", "no_proxy", in capitals too), as Go's
// http.ProxyFromEnvironment takes it; "" for none.
std::string proxy_of_environment(bool tls, std::string_view host, std::string_view port);

std::string proxy_authorization(const Proxy& proxy);  // the header's value; "" without a user

// Has the proxy at the stream's other end connect it with host:port. Throws ConnectionError.
Task<> pass_through(boost::beast::tcp_stream& stream, const Proxy& proxy, std::string host, std::string port);

}  // namespace spoke::net
