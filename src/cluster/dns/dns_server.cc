#include "cluster/dns/dns_server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/log.h"
#include "base/random.h"
#include "base/strings.h"
#include "cluster/node/within.h"
#include "net/scope.h"

namespace spoke::cluster {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;

constexpr size_t kLargest = 65535;
constexpr size_t kMostForwarded = 512;  // questions to upstreams at once; a pod must not exhaust our sockets
constexpr size_t kMostConnections = 256;
constexpr auto kUpstreamPatience = std::chrono::seconds(2);
constexpr auto kIdleConnection = std::chrono::seconds(10);

std::string framed(std::string_view message) {
  std::string out;
  out += static_cast<char>(message.size() >> 8);
  out += static_cast<char>(message.size() & 0xff);
  out += message;
  return out;
}

net::Task<std::string> read_framed(tcp::socket& socket) {
  unsigned char size[2];
  co_await asio::async_read(socket, asio::buffer(size), asio::use_awaitable);
  std::string message(static_cast<size_t>(size[0]) << 8 | size[1], '\0');
  co_await asio::async_read(socket, asio::buffer(message), asio::use_awaitable);
  co_return message;
}

// One upstream's answer to `packet`, or an exception.
net::Task<std::string> ask_udp(udp::endpoint server, std::string packet) {
  // A new socket for each question, so that neither its port nor its id can be guessed.
  udp::socket socket(co_await asio::this_coro::executor, server.protocol());
  co_await socket.async_connect(server, asio::use_awaitable);
  co_await socket.async_send(asio::buffer(packet), asio::use_awaitable);
  std::string answer(kLargest, '\0');
  for (;;) {
    const size_t n = co_await socket.async_receive(asio::buffer(answer), asio::use_awaitable);
    if (n < 12 || answer.compare(0, 2, packet, 0, 2) != 0) continue;  // not to this question
    answer.resize(n);
    co_return answer;
  }
}

net::Task<std::string> ask_tcp(tcp::endpoint server, std::string packet) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(server, asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(framed(packet)), asio::use_awaitable);
  co_return co_await read_framed(socket);
}

void listen(const DnsOptions& options, udp::socket& udp_socket, tcp::acceptor& acceptor) {
  try {
    const auto address = asio::ip::make_address(options.address);
    udp_socket.open(udp::v4());
    udp_socket.bind({address, options.port});
    acceptor.open(tcp::v4());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind({address, options.port});
    acceptor.listen();
  } catch (const boost::system::system_error& e) {
    if (e.code() == asio::error::address_in_use)
      fail(
          "{}:{} is in use by another DNS server of this machine, which listens on all addresses; stop it, or let it "
          "listen on its own addresses alone",
          options.address, options.port);
    fail("the DNS server cannot listen on {}:{}: {}", options.address, options.port, e.code().message());
  }
}

class Server {
 public:
  Server(net::Executor executor, const ServiceTable& table, DnsOptions options)
      : executor_(std::move(executor)),
        table_(table),
        options_(std::move(options)),
        udp_(executor_),
        acceptor_(executor_),
        scope_(executor_) {
    listen(options_, udp_, acceptor_);
  }

  net::Task<> run() {
    std::exception_ptr end;
    try {
      co_await both(serve_udp(), accept());
    } catch (...) {
      end = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await scope_.close();
    if (end) std::rethrow_exception(end);
  }

 private:
  net::Task<> serve_udp() {
    std::string packet(kLargest, '\0');
    for (;;) {
      udp::endpoint from;
      boost::system::error_code error;
      const size_t n = co_await udp_.async_receive_from(asio::buffer(packet), from,
                                                        asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
      if (error) continue;  // an earlier answer that could not be delivered
      const std::string_view received(packet.data(), n);
      const auto query = parse_query(received);
      if (!query) {
        if (const auto reply = make_format_error(received)) send(*reply, from);
      } else if (const auto answer = answer_cluster_name(*query, table_, options_.zone)) {
        if (answer->alias.empty() || query->type != DnsType::A || scope_.under_way() >= kMostForwarded)
          send(make_reply(*query, *answer, query->udp_size), from);
        else
          scope_.spawn("dns alias", alias_udp(*query, *answer, from));
      } else if (scope_.under_way() >= kMostForwarded) {
        send(make_reply(*query, {DnsCode::ServerFailure, false, {}, {}, {}}, query->udp_size), from);
      } else {
        scope_.spawn("dns question", forward_udp(*query, std::string(received), from));
      }
    }
  }

  // What does not fit into the socket's buffer is lost, as datagrams are: the client asks again.
  void send(const std::string& reply, const udp::endpoint& to) {
    boost::system::error_code ignored;
    udp_.non_blocking(true, ignored);
    udp_.send_to(asio::buffer(reply), to, 0, ignored);
  }

  net::Task<> alias_udp(DnsQuery query, DnsAnswer answer, udp::endpoint from) {
    co_await add_addresses_of_alias(query, answer);
    send(make_reply(query, answer, query.udp_size), from);
  }

  // Resolvers in pods do not follow a CNAME themselves. The cluster's own names are known here, others to the machine.
  net::Task<> add_addresses_of_alias(const DnsQuery& query, DnsAnswer& answer) {
    DnsQuery next = query;
    next.name = lower(answer.alias);
    if (const auto inside = answer_cluster_name(next, table_, options_.zone)) {
      answer.answers.insert(answer.answers.end(), inside->answers.begin(), inside->answers.end());
      co_return;
    }
    try {
      tcp::resolver resolver(executor_);
      const auto found =
          co_await within(kUpstreamPatience, resolver.async_resolve(tcp::v4(), answer.alias, "", asio::use_awaitable));
      if (!found) co_return;
      for (const auto& entry : *found)
        answer.answers.push_back(a_record(answer.alias, entry.endpoint().address().to_v4().to_uint()));
    } catch (const boost::system::system_error& e) {
      if (net::is_cancelled(e)) throw;  // else there is none: the alias alone is the answer
    }
  }

  net::Task<> forward_udp(DnsQuery query, std::string packet, udp::endpoint from) {
    send(co_await forward(query, std::move(packet), false), from);
  }

  net::Task<std::string> forward(DnsQuery query, std::string packet, bool by_tcp) {
    const std::string id = packet.substr(0, 2);
    for (const auto& server : upstreams(try_read_file(options_.resolv_conf).value_or(""), options_.address)) {
      packet.replace(0, 2, random_bytes(2));
      try {
        const auto address = asio::ip::make_address(server);
        auto answer = co_await within(kUpstreamPatience, by_tcp ? ask_tcp({address, options_.upstream_port}, packet)
                                                                : ask_udp({address, options_.upstream_port}, packet));
        if (answer && answer->size() >= 12) co_return answer->replace(0, 2, id);
      } catch (const boost::system::system_error& e) {
        if (net::is_cancelled(e)) throw;  // else the next one may answer
      }
    }
    co_return make_reply(query, {DnsCode::ServerFailure, false, {}, {}, {}}, kLargest);
  }

  net::Task<> accept() {
    for (;;) {
      tcp::socket socket(executor_);
      boost::system::error_code error;
      co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
      if (error) {
        co_await net::sleep_for(std::chrono::milliseconds(100));  // out of descriptors, most likely
      } else if (connections_ < kMostConnections) {
        scope_.spawn("dns connection", serve_tcp(std::move(socket)));
      }
    }
  }

  net::Task<> serve_tcp(tcp::socket socket) {
    struct Counted {
      explicit Counted(size_t& c) : count(c) { ++count; }
      ~Counted() { --count; }
      size_t& count;
    } counted(connections_);
    try {
      for (;;) {
        auto packet = co_await within(kIdleConnection, read_framed(socket));
        if (!packet) co_return;
        const auto query = parse_query(*packet);
        if (!query) co_return;
        std::string reply;
        if (const auto answer = answer_cluster_name(*query, table_, options_.zone)) {
          DnsAnswer whole = *answer;
          if (!whole.alias.empty() && query->type == DnsType::A) co_await add_addresses_of_alias(*query, whole);
          reply = make_reply(*query, whole, kLargest);
        } else {
          reply = co_await forward(*query, std::move(*packet), true);
        }
        co_await asio::async_write(socket, asio::buffer(framed(reply)), asio::use_awaitable);
      }
    } catch (const boost::system::system_error&) {
      // The client has gone, or we end.
    }
  }

  net::Executor executor_;
  const ServiceTable& table_;
  DnsOptions options_;
  udp::socket udp_;
  tcp::acceptor acceptor_;
  net::Scope scope_;
  size_t connections_ = 0;
};

}  // namespace

std::vector<std::string> upstreams(std::string_view resolv_conf, std::string_view own) {
  std::vector<std::string> out;
  for (const auto& line : split(resolv_conf, '\n')) {
    const auto words = split(replace_all(std::string(trim(line)), "\t", " "), ' ');
    if (words.size() < 2 || words[0] != "nameserver" || words.back() == own) continue;
    out.push_back(words.back());
  }
  return out;
}

void check_dns_address(const DnsOptions& options) {
  asio::io_context loop(1);
  udp::socket udp_socket(loop);
  tcp::acceptor acceptor(loop);
  listen(options, udp_socket, acceptor);
}

net::Task<> serve_dns(const ServiceTable& table, DnsOptions options) {
  Server server(co_await net::this_executor(), table, std::move(options));
  co_await server.run();
}

}  // namespace spoke::cluster
