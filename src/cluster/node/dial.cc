#include "cluster/node/dial.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "cluster/node/sandbox.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {
namespace {

using boost::asio::ip::tcp;

// A socket belongs to the network in which it was made, whoever uses it later.
Fd make_socket_in(const Path& network) {
  const Fd ns(::open(network.c_str(), O_RDONLY | O_CLOEXEC));
  if (!ns) fail("the pod has no network: it has not started, or has ended");
  Fd made;
  on_own_thread([&] {
    if (::setns(ns.get(), CLONE_NEWNET) != 0) fail_errno("enter " + network.string());
    made = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made) fail_errno("socket");
  });
  return made;
}

}  // namespace

net::Task<Fd> dial_pod(PodDir dir, bool host_network, std::uint16_t port) {
  tcp::socket socket(co_await net::this_executor());
  if (host_network) {
    socket.open(tcp::v4());
  } else {
    Fd made =
        co_await net::on_worker([network = Sandbox{.dir = dir.namespaces()}.net()] { return make_socket_in(network); });
    socket.assign(tcp::v4(), made.release());
  }
  try {
    co_await socket.async_connect({boost::asio::ip::address_v4::loopback(), port}, boost::asio::use_awaitable);
  } catch (const boost::system::system_error& e) {
    if (net::is_cancelled(e)) throw;
    fail("failed to connect to localhost:{} inside the pod: {}", port, e.code().message());
  }
  co_return Fd(socket.release());
}

}  // namespace spoke::cluster
