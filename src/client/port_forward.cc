#include "client/port_forward.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/strings.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::client {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr char kData = 0, kErrors = 1;            // channels
constexpr size_t kPiece = 32U << 10;              // as kubectl and the kubelet copy
constexpr std::chrono::seconds kAfterEnd{10};     // the protocol has no half-closed connection: silence ends it then
constexpr std::chrono::milliseconds kPause{100};  // where the machine has no more descriptors

// One connection of the machine, and its way to the pod.
class Connection {
 public:
  Connection(HttpApi& api, const ForwardedPort& to, tcp::socket socket)
      : api_(api), to_(to), local_(std::move(socket)), arrived_(local_.get_executor()) {}

  Task<> run() {
    using namespace asio::experimental::awaitable_operators;
    net::Query query;
    query.add("ports", std::to_string(to_.port));
    pod_.emplace(co_await api_.websocket(resources::pods.path(to_.ns, to_.pod, "portforward"), std::move(query),
                                         std::string(kPortForwardProtocol)));
    co_await (caught(to_pod()) || caught(from_pod()));
    boost::system::error_code ignored;
    local_.shutdown(tcp::socket::shutdown_send, ignored);
    if (failure_) std::rethrow_exception(failure_);
    co_await pod_->close();
  }

 private:
  // One side's end, failed or not, is the other's too.
  Task<> caught(Task<> side) {
    try {
      co_await std::move(side);
    } catch (const std::exception& e) {
      if (net::is_cancelled(e)) throw;
      if (!failure_) failure_ = std::current_exception();
    }
  }

  Task<> to_pod() {
    std::string message(1 + kPiece, kData);
    for (;;) {
      boost::system::error_code error;
      const size_t got = co_await local_.async_read_some(asio::buffer(message.data() + 1, kPiece),
                                                         asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
      if (error) break;
      co_await pod_->write(std::string_view(message).substr(0, 1 + got));
    }
    while (co_await arrived_.wait_for(kAfterEnd)) {
    }
  }

  Task<> from_pod() {
    // Each channel's first message is the port's number.
    bool begun[2] = {false, false};
    while (auto message = co_await pod_->read()) {
      if (message->empty()) continue;
      const auto channel = static_cast<unsigned char>(message->front());
      if (channel > kErrors) continue;
      std::string_view content = std::string_view(*message).substr(1);
      if (!begun[channel]) {
        begun[channel] = true;
        if (content.size() != 2) fail("the server does not speak {}", kPortForwardProtocol);
        continue;
      }
      if (channel == kErrors) fail("{}", trim(content));
      arrived_.notify();
      boost::system::error_code error;
      co_await asio::async_write(local_, asio::buffer(content.data(), content.size()),
                                 asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
      if (error) co_return;  // whoever connected has gone
    }
  }

  HttpApi& api_;
  const ForwardedPort& to_;
  tcp::socket local_;
  net::Event arrived_;  // something from the pod
  std::optional<net::WebSocket> pod_;
  std::exception_ptr failure_;
};

}  // namespace

struct PortForward::Impl {
  Impl(net::Executor e, HttpApi& a, ForwardedPort t, std::function<void(const std::string&)> say)
      : executor(std::move(e)), api(a), to(std::move(t)), tell(std::move(say)), acceptor(executor) {}

  Task<> serve(tcp::socket socket) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    try {
      Connection connection(api, to, std::move(socket));
      co_await connection.run();
    } catch (const std::exception& e) {
      if (net::is_cancelled(e)) throw;
      tell(fmt::format("port {} of pod {}: {}", to.port, to.pod, e.what()));
    }
  }

  Task<> accept(net::Scope& scope) {
    for (;;) {
      boost::system::error_code error;
      tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
      if (error)
        co_await net::sleep_for(kPause);
      else
        scope.spawn("forwarded connection", serve(std::move(socket)));
    }
  }

  net::Executor executor;
  HttpApi& api;
  ForwardedPort to;
  std::function<void(const std::string&)> tell;
  tcp::acceptor acceptor;
};

PortForward::PortForward(net::Executor executor, HttpApi& api, ForwardedPort to,
                         std::function<void(const std::string&)> tell)
    : impl_(std::make_unique<Impl>(std::move(executor), api, std::move(to), std::move(tell))) {}
PortForward::~PortForward() = default;

std::uint16_t PortForward::listen(std::uint16_t port) {
  try {
    impl_->acceptor = tcp::acceptor(impl_->executor, {asio::ip::address_v4::loopback(), port});
    return impl_->acceptor.local_endpoint().port();
  } catch (const boost::system::system_error& e) {
    fail("cannot listen on 127.0.0.1:{}: {}; choose another port, 0 for any", port, e.code().message());
  }
}

Task<> PortForward::run() {
  net::Scope scope(impl_->executor);
  co_await scope.during(impl_->accept(scope));
}

}  // namespace spoke::client
