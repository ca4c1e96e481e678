// Both ends of port-forward against each other: client::PortForward, and the API server's side.
#include "cluster/api/port_forward.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "base/error.h"
#include "client/port_forward.h"
#include "client/test_support.h"
#include "kube/status.h"
#include "net/async.h"

namespace spoke::cluster {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using client::HttpApi;
using net::Task;

const tcp::endpoint kAnywhere(asio::ip::address_v4::loopback(), 0);

// Says everything back, in capitals its first letter; ends with the client.
Task<> echo(tcp::socket socket) {
  std::string buffer(65536, 0);
  for (;;) {
    boost::system::error_code error;
    const size_t got =
        co_await socket.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    co_await asio::async_write(socket, asio::buffer(buffer, got), asio::use_awaitable);
  }
}

Task<> serve_echo(tcp::acceptor& acceptor, net::Scope& scope) {
  for (;;) scope.spawn("echo", echo(co_await acceptor.async_accept(asio::use_awaitable)));
}

Task<Fd> connect_to(std::uint16_t port) {
  tcp::socket socket(co_await net::this_executor());
  try {
    co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
  } catch (const boost::system::system_error& e) {
    fail("{}", e.code().message());
  }
  co_return Fd(socket.release());
}

class PortForwardTest : public client::testing::Served {
 protected:
  // Runs `test` with the port of this machine, behind which "the pod's" ports are this machine's own.
  void forwarded(std::uint16_t to, std::function<Task<>(std::uint16_t, std::vector<std::string>&)> test) {
    serve(
        [](net::Exchange& exchange) -> Task<> {
          const auto ports = forwarded_ports(exchange);
          co_await forward_ports(exchange, ports, connect_to);
        },
        [](client::Target&) {},
        [to, &test](HttpApi& api) -> Task<> {
          std::vector<std::string> told;
          const auto executor = co_await net::this_executor();
          client::PortForward forward(executor, api, {"ns", "p", to},
                                      [&told](const std::string& sentence) { told.push_back(sentence); });
          const auto port = forward.listen(0);
          net::Scope scope(executor);
          scope.spawn("forward", forward.run());
          std::exception_ptr failure;
          try {
            co_await test(port, told);
          } catch (...) {
            failure = std::current_exception();
          }
          co_await scope.close();
          if (failure) std::rethrow_exception(failure);
        });
  }
};

TEST_F(PortForwardTest, ConnectionsGoThroughWhole) {
  asio::io_context pod;  // on a thread of its own
  tcp::acceptor acceptor(pod, kAnywhere);
  net::Scope scope(pod.get_executor());
  scope.spawn("echoes", serve_echo(acceptor, scope));
  std::thread thread([&pod] { pod.run(); });
  forwarded(acceptor.local_endpoint().port(), [](std::uint16_t port, std::vector<std::string>& told) -> Task<> {
    std::string sent(3000000, 0);
    for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 31 + i / 4096);
    tcp::socket one(co_await net::this_executor()), two(co_await net::this_executor());
    co_await one.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
    co_await two.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
    std::string got(sent.size(), 0);
    co_await asio::async_write(two, asio::buffer("two", 3), asio::use_awaitable);
    for (size_t at = 0; at < sent.size(); at += 100000) {
      co_await asio::async_write(one, asio::buffer(sent.data() + at, 100000), asio::use_awaitable);
      co_await asio::async_read(one, asio::buffer(got.data() + at, 100000), asio::use_awaitable);
    }
    EXPECT_TRUE(got == sent);
    char three[3];
    co_await asio::async_read(two, asio::buffer(three), asio::use_awaitable);
    EXPECT_EQ(std::string(three, 3), "two");
    EXPECT_EQ(told.size(), 0U);
  });
  asio::post(pod, [&] {
    scope.cancel();
    acceptor.close();
  });
  thread.join();
}

TEST_F(PortForwardTest, APortThatNobodyListensOnIsTold) {
  asio::io_context unused;
  tcp::acceptor closed(unused, kAnywhere);
  const auto nobody = closed.local_endpoint().port();
  closed.close();
  forwarded(nobody, [](std::uint16_t port, std::vector<std::string>& told) -> Task<> {
    tcp::socket socket(co_await net::this_executor());
    co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
    char byte = 0;
    boost::system::error_code error;
    co_await asio::async_read(socket, asio::buffer(&byte, 1), asio::redirect_error(asio::use_awaitable, error));
    EXPECT_TRUE(error);
    EXPECT_EQ(told.size(), 1U);
    if (told.size() == 1) EXPECT_NE(told[0].find("Connection refused"), std::string::npos) << told[0];
  });
}

TEST_F(PortForwardTest, SeveralPortsShareOneWebSocket) {
  asio::io_context pod;
  tcp::acceptor acceptor(pod, kAnywhere);
  net::Scope scope(pod.get_executor());
  scope.spawn("echoes", serve_echo(acceptor, scope));
  std::thread thread([&pod] { pod.run(); });
  const std::string port = std::to_string(acceptor.local_endpoint().port());
  serve(
      [](net::Exchange& exchange) -> Task<> {
        const auto ports = forwarded_ports(exchange);
        co_await forward_ports(exchange, ports, connect_to);
      },
      [](client::Target&) {},
      [&port](HttpApi& api) -> Task<> {
        net::Query query;
        query.add("ports", port + ",1");
        auto socket = co_await api.websocket("/x", query, "v4.channel.k8s.io");
        std::map<char, std::vector<std::string>> said;
        co_await socket.write(std::string("\0hello", 6));
        co_await socket.write(std::string("\2lost", 5));  // to a port that is not there
        co_await socket.write(std::string("\7what", 5));  // to a channel that is not there
        co_await socket.write("");
        while (said['\0'].size() < 2 || said['\3'].size() < 2) {
          const auto message = co_await socket.read();
          if (!message || message->empty()) break;
          said[message->front()].push_back(message->substr(1));
        }
        const auto number = static_cast<std::uint16_t>(std::stoi(port));
        const std::string bytes{static_cast<char>(number & 0xFF), static_cast<char>(number >> 8)};
        EXPECT_EQ(said['\0'], (std::vector<std::string>{bytes, "hello"}));
        EXPECT_EQ(said['\1'], std::vector<std::string>{bytes});
        EXPECT_EQ(said['\3'].size(), 2U);
        EXPECT_EQ(said['\3'][0], std::string("\1\0", 2));
        EXPECT_NE(said['\3'].back().find("error forwarding port 1: Connection refused"), std::string::npos);
      });
  asio::post(pod, [&] {
    scope.cancel();
    acceptor.close();
  });
  thread.join();
}

TEST_F(PortForwardTest, WhatIsNoPortIsRefused) {
  serve(
      [](net::Exchange& exchange) -> Task<> {
        std::string refused;
        try {
          forwarded_ports(exchange);
        } catch (const kube::StatusError& e) {
          refused = e.message();
        }
        co_await answer(exchange, 400, json::object{{"message", refused}});
      },
      [](client::Target&) {},
      [](HttpApi& api) -> Task<> {
        for (const auto& [ports, protocol, why] : {
                 std::tuple("0", "v4.channel.k8s.io", "as a port"),
                 std::tuple("65536", "v4.channel.k8s.io", "as a port"),
                 std::tuple("1,", "v4.channel.k8s.io", "as a port"),
                 std::tuple("x", "v4.channel.k8s.io", "as a port"),
                 std::tuple("", "v4.channel.k8s.io", "as a port"),
                 std::tuple("80", "SPDY/3.1+portforward.k8s.io", "over a WebSocket of the protocol v4.channel.k8s.io"),
             }) {
          net::Query query;
          query.add("ports", ports);
          std::string refused;
          try {
            co_await api.websocket("/x", query, protocol);
          } catch (const kube::StatusError& e) {
            refused = e.message();
          }
          EXPECT_NE(refused.find(why), std::string::npos) << ports << " " << protocol << ": " << refused;
        }
      });
}

}  // namespace
}  // namespace spoke::cluster
