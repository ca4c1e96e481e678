#include "net/http_client.h"

#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "net/scope.h"
#include "net/url.h"
#include "net/wire.h"

namespace spoke::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using Parser = http::response_parser<http::buffer_body>;

// Connections kept for the next request. Fewer than are under way at once would be opened and closed all the time.
constexpr size_t kMostIdle = 64;

}  // namespace

ClientOptions server_of(const Url& url) {
  if (url.scheme != "https" && url.scheme != "http")
    fail("{}://{}: only https:// and http:// are known", url.scheme, url.authority());
  ClientOptions options;
  options.tls = url.scheme == "https";
  options.host = url.host;
  options.port = std::to_string(url.port_or(options.tls ? 443 : 80));
  return options;
}

std::string target_of(const Request& request) {
  if (!request.target.empty()) return request.target;
  const std::string query = request.query.encode();
  return percent_encode_path(request.path) + (query.empty() ? "" : "?" + query);
}

struct HttpClient::Impl : std::enable_shared_from_this<HttpClient::Impl> {
  Impl(Executor e, ClientOptions o) : executor(std::move(e)), options(std::move(o)) {
    if (!options.proxy.empty()) proxy = parse_proxy(options.proxy);
    if (!options.tls && proxy && proxy->kind == Proxy::Kind::Http) asked = proxy;
    if (!options.tls) return;
    context.emplace(asio::ssl::context::tls_client);
    context->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    context->set_verify_mode(options.insecure ? asio::ssl::verify_none : asio::ssl::verify_peer);
    if (options.ca_pem.empty())
      context->set_default_verify_paths();
    else
      context->add_certificate_authority(asio::buffer(options.ca_pem));
    if (!options.client_cert_pem.empty()) {
      context->use_certificate_chain(asio::buffer(options.client_cert_pem));
      context->use_private_key(asio::buffer(options.client_key_pem), asio::ssl::context::pem);
    }
    SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  }

  std::string name() const {
    return options.host.find(':') == std::string::npos ? options.host : "[" + options.host + "]";
  }
  std::string address() const { return (options.tls ? "https://" : "http://") + name() + ":" + options.port; }
  std::string host() const {
    return options.port == (options.tls ? "443" : "80") ? name() : name() + ":" + options.port;
  }

  // A kept connection that still stands, or a new one.
  Task<std::unique_ptr<Wire>> connection(bool& kept) {
    while (!idle.empty()) {
      auto wire = std::move(idle.back().wire);
      idle.pop_back();
      if (wire->stale()) continue;
      kept = true;
      co_return wire;
    }
    kept = false;
    auto wire = std::make_unique<Wire>(executor, context ? &*context : nullptr);
    co_await wire->connect(options, asked ? std::nullopt : proxy, asked);
    co_return wire;
  }

  // For the next request.
  void keep(std::unique_ptr<Wire> wire) {
    if (idle.size() < kMostIdle) idle.push_back({std::move(wire), std::chrono::steady_clock::now()});
  }

  struct Idle {
    std::unique_ptr<Wire> wire;
    std::chrono::steady_clock::time_point since;
  };

  Executor executor;
  ClientOptions options;
  std::optional<Proxy> proxy;
  // The same, where it is asked for each URL: most connect to nothing but TLS.
  std::optional<Proxy> asked;
  std::optional<asio::ssl::context> context;
  std::vector<Idle> idle;  // used last comes last
};

struct ResponseStream::Impl {
  std::shared_ptr<HttpClient::Impl> client;
  std::unique_ptr<Wire> wire;
  Parser parser;
  Headers headers;
  char piece[16384];
};

ResponseStream::ResponseStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ResponseStream::~ResponseStream() = default;
ResponseStream::ResponseStream(ResponseStream&&) noexcept = default;
ResponseStream& ResponseStream::operator=(ResponseStream&&) noexcept = default;

int ResponseStream::status() const { return static_cast<int>(impl_->parser.get().result_int()); }
const Headers& ResponseStream::headers() const { return impl_->headers; }

void ResponseStream::expires_after(std::chrono::milliseconds limit) {
  if (impl_->wire) impl_->wire->lowest().expires_after(limit);
}

Task<std::optional<std::string>> ResponseStream::read() {
  auto& parser = impl_->parser;
  try {
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = impl_->piece;
      body.size = sizeof impl_->piece;
      body.more = true;
      try {
        co_await impl_->wire->read_some(parser);
      } catch (const boost::system::system_error& e) {
        if (e.code() != http::error::need_buffer) throw;
      }
      const size_t got = sizeof impl_->piece - body.size;
      if (got > 0) co_return std::string(impl_->piece, got);
    }
  } catch (const boost::system::system_error& e) {
    if (is_cancelled(e)) throw;
    throw ConnectionError(impl_->client->address() + " broke off: " + e.code().message());
  }
  if (impl_->wire && parser.get().keep_alive()) impl_->client->keep(std::move(impl_->wire));
  impl_->wire.reset();
  co_return std::nullopt;
}

HttpClient::HttpClient(Executor executor, ClientOptions options)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options))) {}
HttpClient::~HttpClient() = default;

void HttpClient::close_idle(std::chrono::steady_clock::time_point before) {
  std::erase_if(impl_->idle, [&](const Impl::Idle& one) { return one.since <= before; });
}

namespace {

// Of a request: its line and headers.
template <class Message>
void fill(Message& message, const HttpClient::Impl& client, const Request& request) {
  message.version(11);
  message.method_string(request.method);
  message.target(client.asked ? client.address() + target_of(request) : target_of(request));
  if (request.headers.get("Host").empty()) message.set(http::field::host, client.host());
  if (client.asked)
    if (const auto who = proxy_authorization(*client.asked); !who.empty())
      message.set(http::field::proxy_authorization, who);
  for (const auto& [name, value] : request.headers) message.insert(name, value);
}

using Write = std::function<Task<>(Wire&)>;

// Sends what `write` writes, and reads as far as the response's headers.
Task<ResponseStream> exchange(std::shared_ptr<HttpClient::Impl> impl, bool head, Write write) {
  for (;;) {
    bool kept = false;
    try {
      auto out = std::make_unique<ResponseStream::Impl>();
      out->client = impl;
      out->wire = co_await impl->connection(kept);
      out->wire->lowest().expires_after(impl->options.request_timeout);
      co_await write(*out->wire);
      out->parser.body_limit(boost::none);
      out->parser.header_limit(64U << 10);
      if (head) out->parser.skip(true);
      co_await out->wire->read_header(out->parser);
      out->wire->lowest().expires_never();
      for (const auto& field : out->parser.get())
        out->headers.set(std::string(field.name_string()), std::string(field.value()));
      co_return ResponseStream(std::move(out));
    } catch (const boost::system::system_error& e) {
      if (is_cancelled(e)) throw;
      // A server may close a kept connection just as we write on it; nothing has been answered, so ask once more. A
      // request that did arrive and changed something is safe to repeat in Kubernetes' API: a second create answers
      // 409.
      if (kept && e.code() != beast::error::timeout) continue;
      throw ConnectionError(fmt::format("cannot reach {}: {}", impl->address(), e.code().message()));
    }
  }
}

using Header = http::request<http::buffer_body>;

// A server that refuses a long body may say so, and close, before it has read it: what it said is read then.
Task<> write_long(std::shared_ptr<Header> header, std::shared_ptr<LongBody> body, std::chrono::milliseconds timeout,
                  Wire& wire) {
  http::request_serializer<http::buffer_body> serializer(*header);
  header->body() = {nullptr, 0, true};
  const auto next = body->open();
  co_await wire.write_header(serializer);
  for (;;) {
    const std::string_view piece = next();
    header->body() = {const_cast<char*>(piece.data()), piece.size(), !piece.empty()};
    wire.lowest().expires_after(timeout);
    try {
      co_await wire.write_piece(serializer);
    } catch (const boost::system::system_error& e) {
      if (e.code() == asio::error::broken_pipe || e.code() == asio::error::connection_reset) break;
      if (e.code() != http::error::need_buffer) throw;
    }
    if (piece.empty()) break;
  }
  wire.lowest().expires_after(timeout);
}

}  // namespace

Task<ResponseStream> HttpClient::stream(Request request) {
  const auto message = std::make_shared<http::request<http::string_body>>();
  fill(*message, *impl_, request);
  message->body() = std::move(request.body);
  message->prepare_payload();
  const bool head = message->method() == http::verb::head;
  co_return co_await exchange(impl_, head, [message](Wire& wire) { return wire.write(*message); });
}

Task<ResponseStream> HttpClient::stream(Request request, LongBody body) {
  const auto header = std::make_shared<Header>();
  fill(*header, *impl_, request);
  header->content_length(body.size);
  const auto shared = std::make_shared<LongBody>(std::move(body));
  co_return co_await exchange(impl_, false, [header, shared, limit = impl_->options.request_timeout](Wire& wire) {
    return write_long(header, shared, limit, wire);
  });
}

Task<Upgraded> HttpClient::websocket(Request request) {
  const auto impl = impl_;
  try {
    auto wire = std::make_unique<Wire>(impl->executor, impl->context ? &*impl->context : nullptr);
    co_await wire->connect(impl->options, impl->proxy);
    if (request.headers.get("Host").empty()) request.headers.set("Host", impl->host());
    co_return co_await open_websocket(std::move(wire), std::move(request));
  } catch (const boost::system::system_error& e) {
    if (is_cancelled(e)) throw;
    throw ConnectionError(fmt::format("cannot reach {}: {}", impl->address(), e.code().message()));
  }
}

Task<Response> HttpClient::send(Request request) {
  ResponseStream stream = co_await this->stream(std::move(request));
  stream.expires_after(impl_->options.request_timeout);
  Response response{stream.status(), stream.headers(), ""};
  while (auto piece = co_await stream.read()) response.body += *piece;
  co_return response;
}

}  // namespace spoke::net
