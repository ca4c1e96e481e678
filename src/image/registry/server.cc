#include "image/registry/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstdlib>

#include "base/strings.h"
#include "client/backoff.h"
#include "data/json.h"
#include "net/async.h"
#include "net/proxy.h"
#include "net/scope.h"

namespace spoke::image {
namespace {

using net::Request;
using net::ResponseStream;
using net::Task;
using net::Url;

constexpr int kTries = 5;
constexpr int kTriesOfSilent = 2;  // of a server that has never answered
constexpr std::chrono::milliseconds kFirstPause{200}, kLongestPause{5000};
constexpr int kMostRedirections = 5;
constexpr std::size_t kMostSmall = std::size_t{1} << 20;
constexpr std::chrono::milliseconds kAnswer{60000};
constexpr std::chrono::milliseconds kCommit{600000};  // of an upload: a layer is checked, and maybe moved, before

bool is_this_machine(const std::string& host) {
  if (host == "localhost") return true;
  boost::system::error_code none;
  const auto address = boost::asio::ip::make_address(host, none);
  return !none && address.is_loopback();
}

// What is trusted for a server besides the machine's authorities stands where Docker and Podman look for it.
std::string authorities_of(const std::string& host) {
  std::string out;
  const char* set = std::getenv("SSL_CERT_FILE");
  const std::vector<std::string> bundles = {set == nullptr ? "" : set, "/etc/ssl/certs/ca-certificates.crt",
                                            "/etc/pki/tls/certs/ca-bundle.crt"};
  for (const char* folder : {"/etc/docker/certs.d", "/etc/containers/certs.d"}) {
    std::error_code none;
    std::vector<Path> files;
    for (const auto& entry : std::filesystem::directory_iterator(Path(folder) / host, none))
      if (entry.path().extension() == ".crt") files.push_back(entry.path());
    std::ranges::sort(files);
    for (const Path& file : files)
      if (const auto text = try_read_file(file)) out += *text + "\n";
  }
  if (out.empty()) return out;
  for (const std::string& bundle : bundles)
    if (const auto text = bundle.empty() ? std::nullopt : try_read_file(bundle)) return out + *text;
  return out;
}

// "registry.example.org:5000", where docker.io's own stands for its name.
Url server_named(const std::string& host) {
  return net::parse_url("https://" + (host == "docker.io" ? std::string("registry-1.docker.io") : host));
}

std::string origin(const Url& url) { return url.scheme + "://" + url.authority(); }

bool is_redirection(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}
bool worth_another_try(int status) { return status == 429 || status == 408 || (status >= 500 && status != 501); }

// Seconds, as registries give them; a date is left to our own pause.
std::optional<std::chrono::milliseconds> asked_pause(const net::Headers& headers) {
  const auto seconds = to_int(headers.get("Retry-After"));
  if (!seconds || *seconds < 0) return std::nullopt;
  return std::min<std::chrono::milliseconds>(std::chrono::seconds(std::min(*seconds, 30LL)), std::chrono::seconds(30));
}

}  // namespace

Task<std::string> read_all(ResponseStream stream, std::size_t most) {
  std::string out;
  stream.expires_after(kAnswer);
  while (auto piece = co_await stream.read()) {
    out += *piece;
    if (out.size() > most) fail("it is longer than {} KiB", most >> 10);
  }
  co_return out;
}

RegistryServer::RegistryServer(net::Executor executor, const RepositoryOptions& options)
    : executor_(std::move(executor)), options_(options), server_(server_named(options.host)) {
  insecure_ = options.insecure || is_this_machine(server_.host);
  if (options.plain)
    server_.scheme = "http";
  else if (insecure_)
    server_.scheme = "";
}

// With its port or without: both are written.
bool RegistryServer::is_same_server(const Url& url) const {
  const int usual = url.scheme == "https" ? 443 : 80;
  return url.scheme == server_.scheme && lower(url.host) == lower(server_.host) &&
         url.port_or(usual) == server_.port_or(usual);
}

net::HttpClient& RegistryServer::client(const Url& url, bool commits) {
  auto& client = clients_[origin(url) + (commits ? " commits" : "")];
  if (client) return *client;
  net::ClientOptions options = net::server_of(url);
  options.insecure = insecure_;
  options.ca_pem = authorities_of(url.authority());
  options.proxy = net::proxy_of_environment(options.tls, options.host, options.port);
  options.request_timeout = commits ? kCommit : kAnswer;
  client = std::make_unique<net::HttpClient>(executor_, std::move(options));
  return *client;
}

// As Docker does: a server that may be insecure is asked by TLS first.
Task<> RegistryServer::find_scheme() {
  if (!server_.scheme.empty()) co_return;
  Url url = server_;
  url.scheme = "https";
  try {
    Request request{.path = "/v2/"};
    co_await read_all(co_await client(url, false).stream(std::move(request)), kMostSmall);
  } catch (const net::ConnectionError&) {
    url.scheme = "http";
  }
  server_.scheme = url.scheme;
}

Task<ResponseStream> RegistryServer::send(Request request, Url url, std::optional<net::LongBody> body) {
  request.headers.set("User-Agent", "spoke/" SPOKE_VERSION);
  const Request target = net::request_of(url);
  request.path = target.path;
  request.query = target.query;
  request.target = target.target;
  const bool commits = request.method == "PUT";
  if (body) co_return co_await client(url, commits).stream(std::move(request), *std::move(body));
  co_return co_await client(url, commits).stream(std::move(request));
}

// A server that keeps blobs elsewhere leads there; who we are is for itself alone.
Task<RegistryServer::Followed> RegistryServer::follow(Request request, Url url, std::optional<net::LongBody> body) {
  const bool may_lead_on = request.method == "GET" || request.method == "HEAD";
  for (int count = 0;; ++count) {
    Request one = request;
    if (!authorization_.empty() && is_same_server(url)) one.headers.set("Authorization", authorization_);
    ResponseStream answer = co_await send(std::move(one), url, body);
    if (!may_lead_on || !is_redirection(answer.status())) {
      const bool own = is_same_server(url);
      co_return Followed{std::move(answer), own};
    }
    if (count == kMostRedirections) fail("{} leads from one place to the next without end", name());
    const std::string to(answer.headers().get("Location"));
    const bool was_secure = url.scheme == "https";
    url = net::resolve(url, to);
    if (was_secure && url.scheme != "https" && !insecure_)
      fail("{} leads to {}, which is not secure", name(), origin(url));
  }
}

Task<ResponseStream> RegistryServer::ask(Request request, std::string target, std::optional<net::LongBody> body) {
  client::Backoff pause(kFirstPause, kLongestPause);
  size_t logins_tried = 0;
  // A part of an upload that broke off is told by the upload's state, not by sending it again.
  const int most = request.method == "PATCH" ? 1 : kTries;
  for (int tries = 1;; ++tries) {
    std::chrono::milliseconds wait = pause.next();
    try {
      co_await find_scheme();
      Followed followed = co_await follow(request, net::resolve(server_, target), body);
      ResponseStream& answer = followed.answer;
      answered_ = true;
      const int status = answer.status();
      if (status < 400 || status == 404 || status == 416) co_return std::move(answer);
      const std::string challenge(answer.headers().get("WWW-Authenticate"));
      const auto asked = asked_pause(answer.headers());
      const std::string said = co_await read_all(std::move(answer), kMostSmall);
      // Another server that it leads to is told nothing of who we are, whatever it asks.
      const bool asks = followed.own && (status == 401 || (status == 403 && logins_tried > 0));
      if (asks && co_await authenticate(challenge.empty() ? challenge_ : challenge, logins_tried++)) {
        --tries;
        continue;
      }
      if (!followed.own) fail("another server, to which {} leads, refused: HTTP status {}", name(), status);
      if (!worth_another_try(status) || tries >= most) refuse(status, said);
      wait = asked.value_or(wait);
    } catch (const net::ConnectionError&) {
      if (tries >= std::min(most, answered_ ? kTries : kTriesOfSilent)) throw;
    }
    co_await net::sleep_for(wait);
  }
}

Task<net::Response> RegistryServer::ask_small(Request request, std::string target) {
  ResponseStream stream = co_await ask(std::move(request), std::move(target));
  net::Response out{stream.status(), stream.headers(), ""};
  out.body = co_await read_all(std::move(stream), kMostDocument);
  co_return out;
}

void RegistryServer::refuse(int status, std::string_view body) const {
  std::string said;
  try {
    const json::value v = json::parse(body);
    for (const json::value& error : json::list(v, "errors")) {
      const std::string code(json::str(error, "code")), message(json::str(error, "message"));
      said += (said.empty() ? "" : "; ") + code + (code.empty() || message.empty() ? "" : ": ") + message;
    }
  } catch (const Error&) {  // a proxy's page: the status has to do
  }
  if (said.empty()) said = fmt::format("HTTP status {}", status);
  if (status == 401 || status == 403)
    said += options_.logins.empty() ? "; no credentials are known for it, log in with `docker login` or name a secret "
                                      "in imagePullSecrets"
                                    : "; the credentials that are known for it do not do";
  throw RegistryError(fmt::format("{} refused: {}", name(), said), status);
}

// Whether there is something new to try. Each login is tried once for a request.
Task<bool> RegistryServer::authenticate(std::string header, size_t attempt) {
  const std::vector<Challenge> challenges = parse_challenges(header);
  challenge_ = header;
  if (attempt >= std::max<size_t>(options_.logins.size(), 1)) co_return false;
  const std::optional<Login> login =
      options_.logins.empty() ? std::nullopt : std::optional(options_.logins.at(attempt));
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme == "bearer") {
      authorization_ = "";
      const std::string token = co_await fetch_token(challenge, login);
      if (!token.empty()) authorization_ = "Bearer " + token;
      co_return true;  // without a token the next login's turn comes
    }
    if (challenge.scheme == "basic" && login && !login->user.empty()) {
      authorization_ = "Basic " + base64(login->user + ":" + login->password);
      co_return true;
    }
  }
  co_return false;
}

// What the server asks for; to push, both rights at once, so that no request takes the other's token away.
std::string RegistryServer::scope_for(const std::string& asked) const {
  const std::string own = fmt::format("repository:{}:", options_.path);
  std::vector<std::string> out{own + (options_.push ? "pull,push" : "pull")};
  for (const std::string& one : split(asked, ' ')) {
    if (one.empty()) continue;
    if (!one.starts_with(own))
      out.push_back(one);
    else if (!options_.push)
      out.front() = one;
  }
  return join(out, " ");
}

// "" where the login is not taken.
Task<std::string> RegistryServer::fetch_token(Challenge challenge, std::optional<Login> login) {
  const Url realm = net::resolve(server_, challenge.parameters["realm"]);
  // A password is not told to whoever listens, whatever a server says.
  if (server_.scheme == "https" && realm.scheme != "https" && !insecure_)
    fail("{} wants credentials to be sent to {}, which is not secure", name(), origin(realm));
  const std::string scope = scope_for(challenge.parameters["scope"]);
  net::Query query;
  if (const std::string service = challenge.parameters["service"]; !service.empty()) query.add("service", service);
  for (const std::string& one : split(scope, ' ')) query.add("scope", one);
  Request request;
  Url url = realm;
  if (login && !login->identity_token.empty()) {
    request.method = "POST";
    query.add("grant_type", "refresh_token");
    query.add("refresh_token", login->identity_token);
    query.add("client_id", "spoke");
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = query.encode();
  } else {
    url.query += (url.query.empty() ? "" : "&") + query.encode();
    if (login) request.headers.set("Authorization", "Basic " + base64(login->user + ":" + login->password));
  }
  client::Backoff pause(kFirstPause, kLongestPause);
  int status = 0;
  std::string text;
  for (int tries = 0; tries < kTries; ++tries) {
    ResponseStream answer = co_await send(request, url, std::nullopt);
    status = answer.status();
    const auto asked = asked_pause(answer.headers());
    text = co_await read_all(std::move(answer), kMostSmall);
    if (!worth_another_try(status)) break;
    co_await net::sleep_for(asked.value_or(pause.next()));
  }
  if (status == 401 || status == 403) co_return "";
  if (status != 200) throw RegistryError(fmt::format("{} gives no token: HTTP status {}", origin(url), status), status);
  try {
    const json::value v = json::parse(text);
    const std::string token(json::str(v, "token"));
    co_return token.empty() ? std::string(json::str(v, "access_token")) : token;
  } catch (const Error&) {
    fail("{} gives no token: it did not answer with JSON", origin(url));
  }
}

}  // namespace spoke::image
