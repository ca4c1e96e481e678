#include "net/websocket.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "base/strings.h"
#include "net/scope.h"
#include "net/wire.h"

namespace spoke::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace {

constexpr std::chrono::seconds kHandshake{30};
constexpr std::chrono::minutes kSilence{2};  // halfway, a ping asks for a sign of life
constexpr size_t kMaxMessage = 16U << 20;

}  // namespace

struct WebSocket::Impl {
  explicit Impl(std::unique_ptr<Wire> w) : wire(std::move(w)) {
    if (wire->tls() != nullptr)
      tls.emplace(*wire->tls());
    else
      plain.emplace(wire->plain());
  }

  template <class Operation>
  auto on_socket(Operation operation) {
    return tls ? operation(*tls) : operation(*plain);
  }

  std::unique_ptr<Wire> wire;
  std::optional<websocket::stream<Wire::Tls&>> tls;
  std::optional<websocket::stream<Wire::Plain&>> plain;
};

WebSocket::WebSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebSocket::~WebSocket() = default;
WebSocket::WebSocket(WebSocket&&) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&&) noexcept = default;

Task<Upgraded> open_websocket(std::unique_ptr<Wire> wire, Request request) {
  auto impl = std::make_unique<WebSocket::Impl>(std::move(wire));
  impl->wire->lowest().expires_never();  // the WebSocket has its own times
  impl->on_socket([&](auto& socket) {
    socket.set_option(websocket::stream_base::timeout{kHandshake, kSilence, true});
    socket.set_option(websocket::stream_base::decorator([&request](websocket::request_type& message) {
      for (const auto& [name, value] : request.headers)
        if (lower(name) != "host") message.insert(name, value);
    }));
    socket.read_message_max(kMaxMessage);
    socket.binary(true);
  });
  websocket::response_type answer;
  const std::string host(request.headers.get("Host")), target = target_of(request);
  boost::system::error_code error;
  co_await impl->on_socket([&](auto& socket) {
    return socket.async_handshake(answer, host, target, asio::redirect_error(asio::use_awaitable, error));
  });
  if (error && error != websocket::error::upgrade_declined) throw boost::system::system_error(error);
  impl->on_socket([](auto& socket) {
    socket.set_option(websocket::stream_base::decorator([](websocket::request_type&) {}));  // what it held is gone
  });
  Upgraded out;
  out.answer.status = static_cast<int>(answer.result_int());
  for (const auto& field : answer) out.answer.headers.set(std::string(field.name_string()), std::string(field.value()));
  out.answer.body = std::move(answer.body());
  if (!error) out.socket.emplace(std::move(impl));
  co_return out;
}

Task<std::optional<std::string>> WebSocket::read() {
  beast::flat_buffer buffer;
  boost::system::error_code error;
  co_await impl_->on_socket(
      [&](auto& socket) { return socket.async_read(buffer, asio::redirect_error(asio::use_awaitable, error)); });
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error == websocket::error::closed) co_return std::nullopt;
  if (error) throw ConnectionError("the connection broke off: " + error.message());
  co_return beast::buffers_to_string(buffer.data());
}

Task<> WebSocket::write(std::string_view message) {
  boost::system::error_code error;
  co_await impl_->on_socket([&](auto& socket) {
    return socket.async_write(asio::buffer(message.data(), message.size()),
                              asio::redirect_error(asio::use_awaitable, error));
  });
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error) throw ConnectionError("the connection broke off: " + error.message());
}

Task<> WebSocket::close() {
  boost::system::error_code ignored;
  co_await impl_->on_socket([&](auto& socket) {
    return socket.async_close(websocket::close_code::normal, asio::redirect_error(asio::use_awaitable, ignored));
  });
}

}  // namespace spoke::net
