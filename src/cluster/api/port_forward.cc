#include "cluster/api/port_forward.h"

#include <fmt/format.h>

#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>

#include "base/strings.h"
#include "client/port_forward.h"
#include "kube/status.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {

namespace asio = boost::asio;
using asio::ip::tcp;
using net::Exchange;
using net::Task;

namespace {

using client::kPortForwardProtocol;
constexpr size_t kPiece = 32U << 10;
constexpr size_t kMaxPorts = 64;
constexpr size_t kMaxWaiting = 4;  // messages of the client that a port has not taken yet

using Waiting = asio::experimental::channel<void(boost::system::error_code, std::string)>;

struct Port {
  Port(const net::Executor& executor, size_t i, std::uint16_t n)
      : data(static_cast<char>(2 * i)), number(n), from_client(executor, kMaxWaiting) {}

  char errors() const { return static_cast<char>(data + 1); }

  char data;  // its channel
  std::uint16_t number;
  Waiting from_client;
};

class Forwarding {
 public:
  Forwarding(net::Executor executor, Exchange& exchange, const std::vector<std::uint16_t>& ports)
      : executor_(std::move(executor)), exchange_(exchange), turn_(executor_, 1), over_(executor_) {
    for (size_t i = 0; i < ports.size(); ++i) ports_.push_back(std::make_unique<Port>(executor_, i, ports[i]));
  }

  Task<> run(std::function<Task<Fd>(std::uint16_t)> dial) {
    for (const auto& port : ports_)
      for (const char channel : {port->data, port->errors()})
        co_await send(channel, {static_cast<char>(port->number & 0xFF), static_cast<char>(port->number >> 8)});
    net::Scope scope(executor_);
    open_ = ports_.size();
    for (const auto& port : ports_) scope.spawn("forwarded port", serve(*port, dial));
    scope.spawn("client", take());
    co_await scope.during(until_over());
  }

 private:
  Task<> until_over() {
    co_await over_.wait();
    if (!client_gone_) co_await exchange_.finish();  // while take() still reads: it has to see the client's answer
  }

  // One message at a time: ports take turns.
  Task<> send(char channel, std::string content) {
    content.insert(content.begin(), channel);
    boost::system::error_code cancelled;
    co_await turn_.async_send(boost::system::error_code(), asio::redirect_error(asio::use_awaitable, cancelled));
    if (cancelled) throw boost::system::system_error(asio::error::operation_aborted);
    std::exception_ptr failure;
    try {
      co_await exchange_.write(content);
    } catch (...) {
      failure = std::current_exception();
    }
    turn_.try_receive([](boost::system::error_code) {});
    if (failure) std::rethrow_exception(failure);
  }

  // What the client says, to the ports. A port that is slow to take it holds up the others, as in the kubelet.
  Task<> take() {
    // However it ends: after a write that failed, a read ends as if it were cancelled.
    const std::shared_ptr<void> end(nullptr, [this](void*) {
      client_gone_ = true;
      over_.notify();
    });
    try {
      while (auto message = co_await exchange_.read()) {
        if (message->empty()) continue;
        const size_t at = static_cast<unsigned char>(message->front()) / 2;
        if (at >= ports_.size() || message->front() != ports_[at]->data) continue;
        message->erase(0, 1);
        boost::system::error_code closed;  // the port, by now; or this task is cancelled, and the next read says so
        co_await ports_[at]->from_client.async_send(boost::system::error_code(), std::move(*message),
                                                    asio::redirect_error(asio::use_awaitable, closed));
      }
    } catch (const net::ConnectionError&) {
    }
  }

  Task<> serve(Port& port, std::function<Task<Fd>(std::uint16_t)> dial) {
    std::string error;
    try {
      tcp::socket socket(executor_, tcp::v4(), (co_await dial(port.number)).release());
      net::Scope scope(executor_);
      scope.spawn("to the pod", to_pod(port, socket));
      co_await scope.during(from_pod(port, socket));
    } catch (const net::ConnectionError&) {  // the client's
    } catch (const boost::system::system_error& e) {
      if (net::is_cancelled(e)) throw;
      error = e.code().message();
    } catch (const Error& e) {
      error = e.what();
    }
    port.from_client.close();
    if (!error.empty()) {
      try {
        co_await send(port.errors(), fmt::format("error forwarding port {}: {}", port.number, error));
      } catch (const net::ConnectionError&) {
      }
    }
    if (--open_ == 0) over_.notify();
  }

  Task<> from_pod(Port& port, tcp::socket& socket) {
    std::string piece(kPiece, 0);
    for (;;) {
      boost::system::error_code error;
      const size_t got =
          co_await socket.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::eof) co_return;
      if (error) throw boost::system::system_error(error);
      co_await send(port.data, piece.substr(0, got));
    }
  }

  static Task<> to_pod(Port& port, tcp::socket& socket) {
    for (;;) {
      boost::system::error_code error;
      const std::string piece =
          co_await port.from_client.async_receive(asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;  // cancelled, or closed
      co_await asio::async_write(socket, asio::buffer(piece), asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
      if (error) co_return port.from_client.close();  // whoever reads from it learns why
    }
  }

  net::Executor executor_;
  Exchange& exchange_;
  asio::experimental::channel<void(boost::system::error_code)> turn_;  // full while somebody writes
  std::vector<std::unique_ptr<Port>> ports_;
  net::Event over_;
  size_t open_ = 0;
  bool client_gone_ = false;
};

}  // namespace

std::vector<std::uint16_t> forwarded_ports(const Exchange& exchange) {
  const auto& request = exchange.request();
  std::vector<std::uint16_t> ports;
  for (const auto& [name, value] : request.query) {
    if (name != "ports") continue;
    for (const auto& text : split(value, ',')) {
      const auto number = to_int(text);
      if (!number || *number < 1 || *number > 65535)
        throw kube::bad_request(fmt::format("unable to parse \"{}\" as a port", text));
      ports.push_back(static_cast<std::uint16_t>(*number));
    }
  }
  bool spoken = false;
  for (const auto& protocol : split(request.headers.get("Sec-WebSocket-Protocol"), ','))
    spoken = spoken || trim(protocol) == kPortForwardProtocol;
  if (!exchange.wants_websocket() || !spoken)
    throw kube::bad_request(
        fmt::format("ports are forwarded over a WebSocket of the protocol {} alone, as `spoke connect` and the clients "
                    "in Python and Java speak it; kubectl's SPDY is not served",
                    kPortForwardProtocol));
  if (ports.empty()) throw kube::bad_request("query parameter \"ports\" is required");
  if (ports.size() > kMaxPorts) throw kube::bad_request(fmt::format("more than {} ports", kMaxPorts));
  return ports;
}

Task<> forward_ports(Exchange& exchange, std::vector<std::uint16_t> ports,
                     std::function<Task<Fd>(std::uint16_t)> dial) {
  co_await exchange.accept_websocket(kPortForwardProtocol, Exchange::Messages::Binary);
  Forwarding forwarding(co_await net::this_executor(), exchange, ports);
  co_await forwarding.run(std::move(dial));
}

}  // namespace spoke::cluster
