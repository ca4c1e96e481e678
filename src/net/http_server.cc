#include "net/http_server.h"

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <optional>
#include <set>

#include "base/log.h"
#include "net/async.h"

namespace spoke::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::use_awaitable;
using tcp = asio::ip::tcp;
using Plain = beast::tcp_stream;
using Tls = beast::ssl_stream<Plain>;

namespace {

constexpr std::chrono::seconds kHandshake{
    10};                                     // a client must finish TLS and send its first request's head within this
constexpr std::chrono::minutes kIdle{3};     // a kept connection without a request
constexpr std::chrono::seconds kWrite{60};   // a client that takes nothing for this long is dropped
constexpr std::chrono::minutes kSilence{2};  // a WebSocket's client that shows no sign of life, even when asked for one
constexpr std::chrono::seconds kLinger{2};   // what is left of a refused request is read away this long

http::response_header<> head_of(int status, const Headers& headers) {
  http::response_header<> head;
  head.version(11);
  head.result(static_cast<unsigned>(status));
  for (const auto& [name, value] : headers) head.insert(name, value);
  return head;
}

// `Stream` is Plain or Tls.
template <class Stream>
class BeastExchange : public Exchange {
 public:
  BeastExchange(Stream& stream, http::request<http::string_body>&& message)
      : stream_(stream), message_(std::move(message)) {
    const std::string_view target(message_.target().data(), message_.target().size());
    const auto question = target.find('?');
    request_.method = std::string(message_.method_string());
    request_.path = percent_decode(target.substr(0, question));
    if (question != std::string_view::npos) request_.query = Query::parse(target.substr(question + 1));
    for (const auto& field : message_)
      request_.headers.set(std::string(field.name_string()), std::string(field.value()));
    request_.body = std::move(message_.body());
    keep_alive_ = message_.keep_alive();
  }

  Task<> respond(Response response) override {
    answered_ = true;
    http::response<http::string_body> message(head_of(response.status, response.headers));
    message.body() = std::move(response.body);
    message.keep_alive(keep_alive_);
    message.prepare_payload();
    if (request_.method == "HEAD") message.body().clear();
    beast::get_lowest_layer(stream_).expires_after(kWrite);
    co_await http::async_write(stream_, message, use_awaitable);
  }

  Task<> begin(int status, Headers headers) override {
    answered_ = true;
    http::response<http::empty_body> message(head_of(status, headers));
    message.chunked(true);
    http::response_serializer<http::empty_body> serializer(message);
    beast::get_lowest_layer(stream_).expires_after(kWrite);
    co_await http::async_write_header(stream_, serializer, use_awaitable);
    beast::get_lowest_layer(stream_).expires_never();
  }

  Task<> write(std::string_view chunk) override {
    // A WebSocket has times of its own; those of the stream would count for a read that is under way beside it.
    if (!socket_) beast::get_lowest_layer(stream_).expires_after(kWrite);
    const asio::const_buffer buffer(chunk.data(), chunk.size());
    try {
      if (socket_)
        co_await socket_->async_write(buffer, use_awaitable);
      else if (!chunk.empty())
        co_await asio::async_write(stream_, http::make_chunk(buffer), use_awaitable);
    } catch (const boost::system::system_error& e) {
      if (is_cancelled(e)) throw;
      throw ConnectionError(std::string("the client has gone: ") + e.code().message());
    }
    if (!socket_) beast::get_lowest_layer(stream_).expires_never();
  }

  Task<> finish() override {
    if (!socket_) beast::get_lowest_layer(stream_).expires_after(kWrite);
    if (socket_) {
      boost::system::error_code ignored;
      co_await socket_->async_close(beast::websocket::close_code::normal, asio::redirect_error(use_awaitable, ignored));
    } else {
      co_await asio::async_write(stream_, http::make_chunk_last(), use_awaitable);
    }
  }

  bool wants_websocket() const override { return beast::websocket::is_upgrade(message_); }

  Task<> accept_websocket(std::string_view protocol, Messages messages) override {
    answered_ = true;
    keep_alive_ = false;
    beast::get_lowest_layer(stream_).expires_never();
    socket_.emplace(stream_);
    socket_->set_option(beast::websocket::stream_base::decorator([p = std::string(protocol)](auto& response) {
      if (!p.empty()) response.set(http::field::sec_websocket_protocol, p);
    }));
    socket_->set_option(beast::websocket::stream_base::timeout{kWrite, kSilence, true});
    socket_->text(messages == Messages::Text);
    socket_->auto_fragment(false);  // one frame a message: fabric8's Vert.x client (Spark 4) drops fragmented ones
    co_await socket_->async_accept(message_, use_awaitable);
  }

  Task<std::optional<std::string>> read() override {
    beast::flat_buffer buffer;
    boost::system::error_code error;
    co_await socket_->async_read(buffer, asio::redirect_error(use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error == beast::websocket::error::closed) co_return std::nullopt;
    if (error) throw ConnectionError(std::string("the client has gone: ") + error.message());
    co_return beast::buffers_to_string(buffer.data());
  }

  Task<> until_gone() override {
    boost::system::error_code error;
    if (socket_) {
      // Reading answers pings and the close frame; what a watcher says is of no interest.
      beast::flat_buffer buffer;
      while (!error) {
        buffer.clear();
        co_await socket_->async_read(buffer, asio::redirect_error(use_awaitable, error));
      }
    } else {
      co_await beast::get_lowest_layer(stream_).socket().async_wait(tcp::socket::wait_read,
                                                                    asio::redirect_error(use_awaitable, error));
    }
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  }

  bool answered() const override { return answered_; }
  bool keep_alive() const { return keep_alive_; }

 private:
  Stream& stream_;
  http::request<http::string_body> message_;
  std::optional<beast::websocket::stream<Stream&>> socket_;
  bool keep_alive_ = true;
  bool answered_ = false;
};

}  // namespace

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
  Impl(Executor e, ServerOptions o, Handler h)
      : executor(std::move(e)), options(std::move(o)), handler(std::move(h)), scope(executor) {
    if (!options.cert_pem.empty()) use(options.key_pem, options.cert_pem, options.client_ca_pem);
  }

  void use(const std::string& key_pem, const std::string& cert_pem, const std::string& client_ca_pem) {
    auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    made->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 |
                      asio::ssl::context::default_workarounds);
    made->use_certificate_chain(asio::buffer(cert_pem));
    made->use_private_key(asio::buffer(key_pem), asio::ssl::context::pem);
    if (!client_ca_pem.empty()) {
      made->add_certificate_authority(asio::buffer(client_ca_pem));
      made->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
      // Each connection shows its own.
      SSL_CTX_set_session_cache_mode(made->native_handle(), SSL_SESS_CACHE_OFF);
      SSL_CTX_set_options(made->native_handle(), SSL_OP_NO_TICKET);
    }
    // An idle connection, of which there are thousands, then holds no buffers.
    SSL_CTX_set_mode(made->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_num_tickets(made->native_handle(), 0);
    context = std::move(made);
  }

  Task<> accept(tcp::acceptor& acceptor) {
    for (;;) {
      boost::system::error_code error;
      tcp::socket socket(executor);
      co_await acceptor.async_accept(socket, asio::redirect_error(use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {  // out of file descriptors, mostly: what is there must end before more can be taken
        log::warn("cannot accept a connection", "error", error.message());
        co_await sleep_for(Millis(100));
        continue;
      }
      socket.set_option(tcp::no_delay(true), error);
      scope.spawn("connection", serve(std::move(socket)));
    }
  }

  Task<> serve(tcp::socket socket) {
    beast::tcp_stream connection(std::move(socket));
    try {
      connection.expires_after(kHandshake);
      if (!context) {
        co_await serve_all(connection);
        co_return;
      }
      const auto with = context;  // another may be in use before this connection ends
      Tls stream(std::move(connection), *with);
      co_await stream.async_handshake(asio::ssl::stream_base::server, use_awaitable);
      co_await serve_all(stream);
      beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(1));
      co_await stream.async_shutdown(use_awaitable);
    } catch (const boost::system::system_error& e) {
      // A peer that goes away at any moment is its own business.
      if (is_cancelled(e)) throw;
      log::debug("connection ended", "error", e.code().message());
    } catch (const ConnectionError& e) {
      log::debug("connection ended", "error", e.what());
    }
  }

  template <class Stream>
  Task<> serve_all(Stream& stream) {
    beast::flat_buffer buffer;
    // The first request's head has what is left of the handshake's time.
    for (bool first = true; co_await serve_one(stream, buffer, first); first = false) {
    }
  }

  // Answers whether another request may follow.
  template <class Stream>
  Task<bool> serve_one(Stream& stream, beast::flat_buffer& buffer, bool first) {
    if (!first) beast::get_lowest_layer(stream).expires_after(kIdle);
    http::request_parser<http::string_body> parser;
    parser.body_limit(options.max_body);
    parser.header_limit(64U << 10);
    boost::system::error_code error;
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(use_awaitable, error));
    if (error == http::error::body_limit) co_return co_await refuse(stream, too_large());
    if (error == http::error::end_of_stream || error == asio::ssl::error::stream_truncated) co_return false;
    if (error.category() == http::make_error_code(http::error::bad_target).category())
      co_return co_await refuse(stream, {400, {{"Content-Type", "text/plain; charset=utf-8"}}, "400 Bad Request"});
    if (error) throw boost::system::system_error(error);
    beast::get_lowest_layer(stream).expires_after(kIdle);
    BeastExchange<Stream> exchange(stream, parser.release());
    co_await handler(exchange);
    co_return exchange.keep_alive();
  }

  Response too_large() const {
    return {413,
            {{"Content-Type", "application/json"}},
            fmt::format(
                R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure",)"
                R"("message":"Request entity too large: limit is {}","reason":"RequestEntityTooLarge","code":413}})",
                options.max_body)};
  }

  // A request that cannot be taken: what follows it on the connection cannot be told apart from its rest.
  template <class Stream>
  static Task<bool> refuse(Stream& stream, Response response) {
    http::response<http::string_body> message(head_of(response.status, response.headers));
    message.body() = std::move(response.body);
    message.keep_alive(false);
    message.prepare_payload();
    co_await http::async_write(stream, message, use_awaitable);
    // The client may still be sending. To close on it would reset the connection, and the answer would be lost with it.
    beast::get_lowest_layer(stream).expires_after(kLinger);
    boost::system::error_code error;
    std::array<char, 16384> rest;
    while (!error) co_await stream.async_read_some(asio::buffer(rest), asio::redirect_error(use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    co_return false;
  }

  Executor executor;
  ServerOptions options;
  Handler handler;
  std::shared_ptr<asio::ssl::context> context;  // null: without TLS
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors;
  Scope scope;
};

HttpServer::HttpServer(Executor executor, ServerOptions options, Handler handler)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::listen(const std::string& address, std::uint16_t port) {
  tcp::endpoint endpoint(
      address.empty() ? asio::ip::address(asio::ip::address_v6::any()) : asio::ip::make_address(address), port);
  auto acceptor = std::make_unique<tcp::acceptor>(impl_->executor);
  boost::system::error_code error;
  acceptor->open(endpoint.protocol(), error);
  if (error && address.empty()) {  // a machine without IPv6
    endpoint.address(asio::ip::address_v4::any());
    acceptor->open(endpoint.protocol(), error);
  }
  acceptor->set_option(tcp::acceptor::reuse_address(true));
  acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(1024, error);
  if (error == asio::error::address_in_use)
    fail("{}:{} is in use by another program; stop it or choose another port with {}", address, port,
         impl_->options.port_option);
  if (error) fail("cannot listen on {}:{}: {}", address, port, error.message());
  const std::uint16_t bound = acceptor->local_endpoint().port();
  impl_->scope.spawn("accept", impl_->accept(*acceptor));
  impl_->acceptors.push_back(std::move(acceptor));
  return bound;
}

void HttpServer::use(const std::string& key_pem, const std::string& cert_pem, const std::string& client_ca_pem) {
  impl_->use(key_pem, cert_pem, client_ca_pem);
}

Task<> HttpServer::close() {
  const auto impl = impl_;
  co_await impl->scope.close();
  impl->acceptors.clear();
}

}  // namespace spoke::net
