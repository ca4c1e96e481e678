// One connection of a client, with or without TLS. Only for the sources of this folder: it brings Beast along.
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <optional>
#include <string>

#include "net/http_client.h"
#include "net/proxy.h"

namespace spoke::net {

std::string target_of(const Request& request);  // "/path?query", as the request line has it

class Wire {
 public:
  using Plain = boost::beast::tcp_stream;
  using Tls = boost::beast::ssl_stream<Plain>;

  Wire(const Executor& executor, boost::asio::ssl::context* context) {
    if (context != nullptr)
      tls_.emplace(executor, *context);
    else
      plain_.emplace(executor);
  }

  Plain& lowest() { return tls_ ? boost::beast::get_lowest_layer(*tls_) : *plain_; }
  Tls* tls() { return tls_ ? &*tls_ : nullptr; }
  Plain& plain() { return *plain_; }

  // To the server; through `proxy`, or to `instead`, which passes requests on.
  Task<> connect(const ClientOptions& options, const std::optional<Proxy>& proxy,
                 const std::optional<Proxy>& instead = std::nullopt) {
    namespace asio = boost::asio;
    lowest().expires_after(options.connect_timeout);
    const auto& first = proxy ? proxy : instead;
    asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
    const auto addresses = co_await resolver.async_resolve(first ? first->host : options.host,
                                                           first ? first->port : options.port, asio::use_awaitable);
    co_await lowest().async_connect(addresses, asio::use_awaitable);
    lowest().socket().set_option(asio::ip::tcp::no_delay(true));
    if (proxy) co_await pass_through(lowest(), *proxy, options.host, options.port);
    if (!tls_) co_return;
    const std::string name = options.server_name.empty() ? options.host : options.server_name;
    boost::system::error_code not_an_address;
    asio::ip::make_address(name, not_an_address);
    if (not_an_address) SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str());
    if (!options.insecure) tls_->set_verify_callback(asio::ssl::host_name_verification(name));
    co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
  }

  // Whether the server has closed it, or said something unasked: then it is of no more use.
  bool stale() {
    boost::system::error_code error;
    auto& socket = lowest().socket();
    socket.non_blocking(true, error);
    char byte = 0;
    socket.receive(boost::asio::buffer(&byte, 1), boost::asio::ip::tcp::socket::message_peek, error);
    return error != boost::asio::error::would_block;
  }

  template <class Message>
  Task<> write(Message& message) {
    co_await on_stream(
        [&](auto& s) { return boost::beast::http::async_write(s, message, boost::asio::use_awaitable); });
  }

  template <class Serializer>
  Task<> write_header(Serializer& serializer) {
    co_await on_stream(
        [&](auto& s) { return boost::beast::http::async_write_header(s, serializer, boost::asio::use_awaitable); });
  }

  // What the serializer's message has as its body now.
  template <class Serializer>
  Task<> write_piece(Serializer& serializer) {
    co_await on_stream(
        [&](auto& s) { return boost::beast::http::async_write(s, serializer, boost::asio::use_awaitable); });
  }

  template <class Parser>
  Task<> read_header(Parser& parser) {
    co_await on_stream(
        [&](auto& s) { return boost::beast::http::async_read_header(s, buffer_, parser, boost::asio::use_awaitable); });
  }

  template <class Parser>
  Task<> read_some(Parser& parser) {
    co_await on_stream(
        [&](auto& s) { return boost::beast::http::async_read_some(s, buffer_, parser, boost::asio::use_awaitable); });
  }

 private:
  template <class Operation>
  auto on_stream(Operation operation) {
    return tls_ ? operation(*tls_) : operation(*plain_);
  }

  std::optional<Tls> tls_;
  std::optional<Plain> plain_;
  boost::beast::flat_buffer buffer_;
};

Task<Upgraded> open_websocket(std::unique_ptr<Wire> wire, Request request);

}  // namespace spoke::net
