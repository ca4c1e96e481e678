#include "cluster/node/probes.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/strings.h"
#include "base/utf8.h"
#include "cluster/node/container.h"
#include "cluster/node/within.h"
#include "net/async.h"
#include "net/http_client.h"
#include "net/scope.h"

namespace spoke::cluster {
namespace {

namespace asio = boost::asio;

constexpr size_t kLongestMessage = 10 << 10;

std::string port_of(const json::value& handler, const json::value& container) {
  const auto* port = json::find(handler, "port");
  if (port == nullptr) return "";
  if (port->is_number()) return std::to_string(port->to_number<int>());
  const auto name = json::str(handler, "port");
  for (const auto& known : json::list(container, "ports")) {
    if (json::str(known, "name") == name) return std::to_string(json::num(known, "containerPort"));
  }
  return std::string(name);
}

net::Task<ProbeResult> run_inside(const json::value& exec, ProbeTarget target, std::chrono::milliseconds timeout) {
  std::vector<std::string> argv;
  for (const auto& word : json::list(exec, "command")) argv.push_back(json::to_string(word.as_string()));
  ProcessOptions options;
  options.timeout = timeout;
  options.output_limit = kLongestMessage;
  const auto result = co_await exec_in_container(target.record, argv, options);
  if (result.timed_out)
    co_return ProbeResult{
        false, fmt::format("command timed out: \"{}\" timed out after {}s", join(argv, " "), timeout.count() / 1000)};
  co_return ProbeResult{result.exit_code == 0, valid_utf8(trim(result.output), kLongestMessage)};
}

net::Task<ProbeResult> get(const json::value& http, ProbeTarget target, std::chrono::milliseconds timeout) {
  const std::string host(json::str(http, "host", target.pod_ip));
  const std::string port = port_of(http, target.container);
  const bool tls = json::str(http, "scheme") == "HTTPS";
  std::string path(json::str(http, "path", "/"));
  if (!path.starts_with('/')) path = "/" + path;
  const std::string url = fmt::format("{}://{}:{}{}", tls ? "https" : "http", host, port, path);

  net::ClientOptions options;
  options.host = host;
  options.port = port;
  options.tls = tls;
  options.insecure = true;  // a probe asks whether it answers, not who it is
  options.connect_timeout = options.request_timeout = timeout;
  net::Request request;
  const auto question = path.find('?');
  request.path = net::percent_decode(path.substr(0, question));
  if (question != std::string::npos) request.query = net::Query::parse(path.substr(question + 1));
  request.headers.set("User-Agent", "kube-probe/1.34");
  request.headers.set("Accept", "*/*");
  for (const auto& header : json::list(http, "httpHeaders"))
    request.headers.set(json::str(header, "name"), std::string(json::str(header, "value")));
  try {
    net::HttpClient client(co_await net::this_executor(), options);
    const net::ResponseStream response = co_await client.stream(std::move(request));  // its body tells nothing
    if (response.status() >= 200 && response.status() < 400) co_return ProbeResult{true, ""};
    co_return ProbeResult{false, fmt::format("HTTP probe failed with statuscode: {}", response.status())};
  } catch (const net::ConnectionError& e) {
    co_return ProbeResult{false, fmt::format("Get \"{}\": {}", url, e.what())};
  }
}

net::Task<bool> connect_to(asio::ip::tcp::endpoint endpoint) {
  asio::ip::tcp::socket socket(co_await net::this_executor());
  co_await socket.async_connect(endpoint, asio::use_awaitable);
  co_return true;
}

net::Task<ProbeResult> open_connection(const json::value& tcp, ProbeTarget target, std::chrono::milliseconds timeout) {
  const std::string host(json::str(tcp, "host", target.pod_ip));
  const std::string port = port_of(tcp, target.container);
  const auto number = to_int(port).value_or(0);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error || number <= 0 || number > 65535)
    co_return ProbeResult{false, fmt::format("{}:{} is no address to connect to", host, port)};
  try {
    if (co_await within(timeout, connect_to({address, static_cast<asio::ip::port_type>(number)})))
      co_return ProbeResult{true, ""};
    co_return ProbeResult{false, fmt::format("dial tcp {}:{}: i/o timeout", host, port)};
  } catch (const boost::system::system_error& e) {
    if (net::is_cancelled(e)) throw;
    const bool refused = e.code() == asio::error::connection_refused;
    co_return ProbeResult{false, fmt::format("dial tcp {}:{}: connect: {}", host, port,
                                             refused ? "connection refused" : e.code().message())};
  }
}

}  // namespace

ProbeTimes probe_times(const json::value& probe) {
  ProbeTimes t;
  const auto at_least = [&](const char* name, long otherwise, long least) {
    return std::max(json::num(probe, name, otherwise), least);
  };
  t.initial_delay = std::chrono::seconds(at_least("initialDelaySeconds", 0, 0));
  t.period = std::chrono::seconds(at_least("periodSeconds", 10, 1));
  t.timeout = std::chrono::seconds(at_least("timeoutSeconds", 1, 1));
  t.success_threshold = static_cast<int>(at_least("successThreshold", 1, 1));
  t.failure_threshold = static_cast<int>(at_least("failureThreshold", 3, 1));
  return t;
}

std::optional<bool> ProbeVerdict::count(bool success) {
  row_ = row_ > 0 && last_ == success ? row_ + 1 : 1;
  last_ = success;
  if (row_ < (success ? times_.success_threshold : times_.failure_threshold) || verdict_ == success)
    return std::nullopt;
  verdict_ = success;
  return verdict_;
}

net::Task<ProbeResult> ask(const json::value& handler, ProbeTarget target, std::chrono::milliseconds timeout) {
  std::string why;
  try {
    if (const auto* exec = json::find(handler, "exec"))
      co_return co_await run_inside(*exec, std::move(target), timeout);
    if (const auto* http = json::find(handler, "httpGet")) co_return co_await get(*http, std::move(target), timeout);
    if (const auto* tcp = json::find(handler, "tcpSocket"))
      co_return co_await open_connection(*tcp, std::move(target), timeout);
    if (const auto* sleep = json::find(handler, "sleep")) {
      co_await net::sleep_for(std::chrono::seconds(json::num(*sleep, "seconds")));
      co_return ProbeResult{true, ""};
    }
    why = "gRPC probes are not supported by this node; use httpGet, tcpSocket or exec";
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    why = e.what();
  }
  co_return ProbeResult{false, valid_utf8(why, kLongestMessage)};
}

}  // namespace spoke::cluster
