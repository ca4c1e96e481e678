#include "net/proxy.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdlib>

#include "base/strings.h"
#include "net/http.h"
#include "net/url.h"

namespace spoke::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::use_awaitable;

std::string bracketed(std::string_view host) {
  return host.find(':') == std::string_view::npos ? std::string(host) : fmt::format("[{}]", host);
}

Task<> connect_by_http(boost::beast::tcp_stream& stream, const Proxy& proxy, const std::string& host,
                       const std::string& port) {
  http::request<http::empty_body> request;
  const std::string server = fmt::format("{}:{}", bracketed(host), port);
  request.method(http::verb::connect);
  request.version(11);
  request.target(server);
  request.set(http::field::host, server);
  if (const auto who = proxy_authorization(proxy); !who.empty()) request.set(http::field::proxy_authorization, who);
  co_await http::async_write(stream, request, use_awaitable);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::empty_body> answer;
  answer.skip(true);  // an answer to CONNECT has no body
  co_await http::async_read_header(stream, buffer, answer, use_awaitable);
  const auto status = answer.get().result_int();
  if (status / 100 != 2)
    throw ConnectionError(fmt::format("the proxy {}:{} does not connect to {}: {} {}", proxy.host, proxy.port, server,
                                      status, std::string_view(answer.get().reason())));
}

Task<std::string> receive(boost::beast::tcp_stream& stream, size_t size) {
  std::string bytes(size, '\0');
  co_await asio::async_read(stream, asio::buffer(bytes), use_awaitable);
  co_return bytes;
}

Task<> send(boost::beast::tcp_stream& stream, std::string bytes) {
  co_await asio::async_write(stream, asio::buffer(bytes), use_awaitable);
}

std::string counted(std::string_view text) {
  if (text.size() > 255) throw ConnectionError("a name is too long for SOCKS 5");
  return static_cast<char>(text.size()) + std::string(text);
}

// RFC 1928, and RFC 1929 for user and password.
Task<> connect_by_socks(boost::beast::tcp_stream& stream, const Proxy& proxy, const std::string& host,
                        const std::string& port) {
  using namespace std::literals;
  const auto refuse = [&](std::string_view why) {
    throw ConnectionError(
        fmt::format("the proxy {}:{} does not connect to {}:{}: {}", proxy.host, proxy.port, host, port, why));
  };
  co_await send(stream, proxy.user.empty() ? "\x05\x01\x00"s : "\x05\x02\x00\x02"s);
  const std::string method = co_await receive(stream, 2);
  if (method == "\x05\x02"sv && !proxy.user.empty()) {
    co_await send(stream, "\x01" + counted(proxy.user) + counted(proxy.password));
    if ((co_await receive(stream, 2))[1] != 0) refuse("it does not accept the user's password");
  } else if (method != "\x05\x00"sv) {
    refuse("it wants another way of logging in");
  }
  const auto number = static_cast<unsigned>(to_int(port).value_or(0));
  co_await send(stream, "\x05\x01\x00\x03"s + counted(host) + static_cast<char>(number >> 8U) +
                            static_cast<char>(number & 0xffU));
  const std::string answer = co_await receive(stream, 4);
  if (answer[0] != 5) refuse("it does not speak SOCKS 5");
  if (answer[1] != 0) refuse(fmt::format("code {}", static_cast<int>(answer[1])));
  size_t left = answer[3] == 1 ? 4 : 16;
  if (answer[3] == 3) left = static_cast<unsigned char>((co_await receive(stream, 1))[0]);
  co_await receive(stream, left + 2);
}

// "10.0.0.0/8".
bool in_network(const asio::ip::address& address, const std::string& cidr) {
  boost::system::error_code error;
  if (address.is_v4()) {
    const auto network = asio::ip::make_network_v4(cidr, error);
    return !error && asio::ip::network_v4(address.to_v4(), network.prefix_length()).canonical() == network.canonical();
  }
  const auto network = asio::ip::make_network_v6(cidr, error);
  return !error && asio::ip::network_v6(address.to_v6(), network.prefix_length()).canonical() == network.canonical();
}

bool exempts(std::string rule, const std::string& host, std::string_view port) {
  if (rule == "*") return true;
  if (const auto colon = rule.rfind(':');
      colon != std::string::npos && (rule.find(':') == colon || rule.find(']') + 1 == colon)) {
    if (rule.substr(colon + 1) != port) return false;
    rule.resize(colon);
  }
  if (rule.starts_with('[') && rule.ends_with(']')) rule = rule.substr(1, rule.size() - 2);
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) return rule == host || in_network(address, rule);
  if (rule.starts_with("*.")) rule.erase(0, 1);
  if (rule.starts_with('.')) return host.ends_with(rule);
  return !rule.empty() && (host == rule || host.ends_with("." + rule));
}

}  // namespace

Proxy parse_proxy(std::string_view text) {
  const Url url = parse_url(text);
  Proxy proxy;
  if (url.scheme == "socks5" || url.scheme == "socks5h")
    proxy.kind = Proxy::Kind::Socks5;
  else if (!url.scheme.empty() && url.scheme != "http")
    fail("a proxy of the kind \"{}\" is not known; it is http:// or socks5://", url.scheme);
  proxy.host = url.host;
  proxy.port = std::to_string(url.port_or(proxy.kind == Proxy::Kind::Http ? 80 : 1080));
  proxy.user = url.user;
  proxy.password = url.password;
  return proxy;
}

bool bypasses_proxy(std::string_view host, std::string_view port, std::string_view no_proxy) {
  const std::string name = lower(host);
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(name, not_an_address);
  if (name == "localhost" || (!not_an_address && address.is_loopback())) return true;
  for (const auto& rule : split(lower(no_proxy), ','))
    if (const auto trimmed = trim(rule); !trimmed.empty() && exempts(std::string(trimmed), name, port)) return true;
  return false;
}

std::string proxy_of_environment(bool tls, std::string_view host, std::string_view port) {
  const auto either = [](const std::string& name) -> std::string {
    for (const std::string& one : {upper(name), name})
      if (const char* set = std::getenv(one.c_str()); set != nullptr && *set != '\0') return set;
    return "";
  };
  const std::string proxy = either(tls ? "https_proxy" : "http_proxy");
  return proxy.empty() || bypasses_proxy(host, port, either("no_proxy")) ? "" : proxy;
}

std::string proxy_authorization(const Proxy& proxy) {
  return proxy.user.empty() ? "" : "Basic " + base64(proxy.user + ":" + proxy.password);
}

Task<> pass_through(boost::beast::tcp_stream& stream, const Proxy& proxy, std::string host, std::string port) {
  if (proxy.kind == Proxy::Kind::Http)
    co_await connect_by_http(stream, proxy, host, port);
  else
    co_await connect_by_socks(stream, proxy, host, port);
}

}  // namespace spoke::net
