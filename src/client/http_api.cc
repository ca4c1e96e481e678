#include "client/http_api.h"

#include <chrono>
#include <random>
#include <utility>

#include "client/answers.h"
#include "client/credentials.h"
#include "client/deadline.h"
#include "client/requests.h"
#include "client/watch_stream.h"
#include "net/async.h"
#include "net/http_client.h"

namespace spoke::client {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr long kPage = 500;  // as client-go's pager
constexpr size_t kMaxError = 64U << 10;
constexpr std::chrono::seconds kKeepIdle{20};

bool good(int status) { return status >= 200 && status < 300; }

// How long a watch is to last: uneven, so that the watches of a restarted server do not all end at once (client-go:
// five to ten minutes).
seconds watch_length() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return seconds(std::uniform_int_distribution<int>(300, 600)(random));
}

class HttpWatch : public Watch {
 public:
  HttpWatch(net::ResponseStream stream, std::string what, steady_clock::time_point until)
      : stream_(std::move(stream)), what_(std::move(what)), until_(until) {}

  Task<std::optional<WatchEvent>> next() override {
    for (;;) {
      if (const auto line = lines_.next()) co_return parse_event(*line);
      // The server was told when to end. One that has vanished never does: its connection stays open and silent.
      const auto left = std::max(until_ - steady_clock::now(), steady_clock::duration(seconds(1)));
      auto bytes = co_await with_deadline(stream_.read(), std::chrono::duration_cast<std::chrono::milliseconds>(left),
                                          what_ + ": the server has gone silent");
      if (!bytes)
        co_return std::nullopt;  // half a line at the end was cut off by it and comes again with the next watch
      lines_.add(*bytes);
    }
  }

 private:
  net::ResponseStream stream_;
  std::string what_;
  steady_clock::time_point until_;
  Lines lines_;
};

net::Request get_request(std::string path) {
  net::Request request;
  request.path = std::move(path);
  return request;
}

}  // namespace

struct HttpApi::Impl {
  Impl(net::Executor e, Target t)
      : executor(std::move(e)),
        target(std::move(t)),
        credentials(target),
        client(std::make_shared<net::HttpClient>(executor, target.server)) {}

  // The answer's header, its body yet to be read; errors included.
  Task<net::ResponseStream> open(const net::Request& request) {
    bool renewed = false;
    for (int attempt = 0;; ++attempt) {
      const std::string authorization = co_await credentials.authorization();
      if (credentials.generation() != generation) reconnect();
      const auto kept = client;  // a renewal beside this may replace it
      net::ResponseStream stream = co_await kept->stream(dressed(request, authorization));
      if (good(stream.status())) co_return stream;
      if (stream.status() == 401 && !std::exchange(renewed, true)) {
        if (co_await credentials.renew(authorization)) continue;
        co_return stream;
      }
      const auto pause = pause_before_retry(stream.status(), stream.headers(), attempt);
      if (!pause) co_return stream;
      co_await net::sleep_for(*pause);
    }
  }

  net::Request dressed(net::Request request, const std::string& authorization) const {
    request.path = target.base_path + request.path;
    for (const auto& [name, value] : target.headers) request.headers.add(name, value);
    if (target.dry_run && request.method != "GET") request.query.add("dryRun", "All");
    if (request.headers.get("Accept").empty()) request.headers.set("Accept", "application/json");
    request.headers.set("User-Agent", target.user_agent);
    if (!authorization.empty()) request.headers.set("Authorization", authorization);
    return request;
  }

  void reconnect() {
    generation = credentials.generation();
    target.server.client_cert_pem = credentials.client_cert_pem();
    target.server.client_key_pem = credentials.client_key_pem();
    client = std::make_shared<net::HttpClient>(executor, target.server);
  }

  // A whole body; throws StatusError where the answer is an error.
  Task<std::string> body(const net::Request& request) {
    net::ResponseStream stream = co_await open(request);
    std::string text;
    for (;;) {
      stream.expires_after(target.server.request_timeout);  // a piece: the whole may be long
      const auto piece = co_await stream.read();
      if (!piece) break;
      text += *piece;
      if (!good(stream.status()) && text.size() > kMaxError) break;
    }
    if (!good(stream.status())) throw error_in(request, stream.status(), text);
    co_return text;
  }

  Task<Object> object(const net::Request& request) { co_return parse_answer(request, co_await body(request)); }

  // As open(), for a stream: throws StatusError where there is none.
  Task<net::ResponseStream> stream(const net::Request& request) {
    net::ResponseStream out = co_await open(request);
    if (good(out.status())) co_return out;
    std::string text;
    while (text.size() <= kMaxError) {
      auto piece = co_await out.read();
      if (!piece) break;
      text += *piece;
    }
    throw error_in(request, out.status(), text);
  }

  Task<net::WebSocket> websocket(const net::Request& request) {
    bool renewed = false;
    for (;;) {
      const std::string authorization = co_await credentials.authorization();
      if (credentials.generation() != generation) reconnect();
      const auto kept = client;
      net::Upgraded upgraded = co_await kept->websocket(dressed(request, authorization));
      if (upgraded.socket) co_return std::move(*upgraded.socket);
      if (upgraded.answer.status == 401 && !std::exchange(renewed, true) && co_await credentials.renew(authorization))
        continue;
      throw error_in(request, upgraded.answer.status, upgraded.answer.body);
    }
  }

  net::Executor executor;
  Target target;
  Credentials credentials;
  std::shared_ptr<net::HttpClient> client;
  int generation = 0;
};

HttpApi::HttpApi(net::Executor executor, Target target)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(target))) {}
HttpApi::~HttpApi() = default;

void HttpApi::rest() { impl_->client->close_idle(std::chrono::steady_clock::now() - kKeepIdle); }

Task<Object> HttpApi::get(const Resource& resource, std::string_view ns, std::string_view name) {
  co_return co_await impl_->object(get_request(resource.path(ns, name)));
}

Task<List> HttpApi::list(const Resource& resource, std::string_view ns, const ListOptions& options) {
  ListOptions page = options;
  if (page.limit == 0) page.limit = kPage;
  List all;
  bool whole = false;  // whether the rest is asked for in one piece
  for (;;) {
    const net::Request request = list_request(resource, ns, page);
    std::optional<json::value> answer;
    try {
      const std::string text = co_await impl_->body(request);
      answer = parse_answer(request, text, json::one_piece(text.size()));
    } catch (const kube::StatusError& e) {
      // The list took longer than the server keeps its beginning. client-go's pager too starts over without pages.
      if (e.code() != 410 || options.limit > 0 || page.continue_token.empty() || whole) throw;
    }
    if (!answer) {
      whole = true;
      page = options;
      all = {};
      continue;
    }
    List part = to_list(resource, std::move(*answer));
    if (all.items.empty())
      all.items = std::move(part.items);
    else
      all.items.insert(all.items.end(), std::make_move_iterator(part.items.begin()),
                       std::make_move_iterator(part.items.end()));
    all.resource_version = std::move(part.resource_version);
    all.continue_token = std::move(part.continue_token);
    if (options.limit > 0 || all.continue_token.empty()) co_return all;
    page.continue_token = all.continue_token;
  }
}

Task<Object> HttpApi::create(const Resource& resource, std::string_view ns, Object object) {
  co_return co_await impl_->object(create_request(resource, ns, object));
}

Task<Object> HttpApi::update(const Resource& resource, std::string_view ns, Object object,
                             std::string_view subresource) {
  co_return co_await impl_->object(update_request(resource, ns, object, subresource));
}

Task<Object> HttpApi::patch(const Resource& resource, std::string_view ns, std::string_view name, PatchType type,
                            json::value body, const PatchOptions& options) {
  co_return co_await impl_->object(patch_request(resource, ns, name, type, body, options));
}

Task<> HttpApi::remove(const Resource& resource, std::string_view ns, std::string_view name,
                       const DeleteOptions& options) {
  co_await impl_->body(delete_request(resource, ns, name, options));
}

Task<std::unique_ptr<Watch>> HttpApi::watch(const Resource& resource, std::string_view ns,
                                            const WatchOptions& options) {
  const auto lasting = watch_length();
  const net::Request request = watch_request(resource, ns, options, lasting);
  net::ResponseStream stream = co_await impl_->stream(request);
  co_return std::make_unique<HttpWatch>(std::move(stream), "watch of " + request.path,
                                        steady_clock::now() + lasting + seconds(30));
}

Task<std::string> HttpApi::get_raw(const std::string& path) {
  const auto mark = path.find('?');
  net::Request request = get_request(path.substr(0, mark));
  if (mark != std::string::npos) request.query = net::Query::parse(std::string_view(path).substr(mark + 1));
  co_return co_await impl_->body(request);
}

Task<> HttpApi::logs(std::string_view ns, std::string_view pod, net::Query options,
                     std::function<void(std::string_view)> sink) {
  net::Request request = get_request(resources::pods.path(ns, pod, "log"));
  request.query = std::move(options);
  request.headers.set("Accept", "*/*");
  net::ResponseStream stream = co_await impl_->stream(request);
  while (auto piece = co_await stream.read()) sink(*piece);
}

Task<net::WebSocket> HttpApi::websocket(const std::string& path, net::Query query, std::string protocol) {
  net::Request request = get_request(path);
  request.query = std::move(query);
  request.headers.set("Accept", "*/*");
  request.headers.set("Sec-WebSocket-Protocol", std::move(protocol));
  co_return co_await impl_->websocket(request);
}

}  // namespace spoke::client
