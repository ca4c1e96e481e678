#include "cluster/api/api_server.h"

#include "base/log.h"
#include "base/strings.h"
#include "cluster/api/api_request.h"
#include "cluster/api/discovery.h"

namespace spoke::cluster {

using net::Exchange;
using net::Request;
using net::Response;
using net::Task;

namespace {

constexpr const char* kPlain = "text/plain; charset=utf-8";

std::string verb_of(const Request& request, bool named, bool watch) {
  if (request.method == "GET" || request.method == "HEAD") return watch ? "watch" : named ? "get" : "list";
  if (request.method == "POST") return "create";
  if (request.method == "PUT") return "update";
  if (request.method == "PATCH") return "patch";
  if (request.method == "DELETE") return named ? "delete" : "deletecollection";
  return lower(request.method);
}

}  // namespace

ApiServer::ApiServer(net::Executor executor, Registry& registry, const Authenticator& authenticator, Authorizer& authorizer)
    : executor_(std::move(executor)), registry_(registry), authenticator_(authenticator), authorizer_(authorizer) {}

Task<> ApiServer::handle(Exchange& exchange) {
  Response failed;
  try {
    const auto who = authenticator_.identify(exchange.request().headers.get("Authorization"), now());
    if (!who) throw kube::unauthorized();
    co_await dispatch(exchange, *who);
    co_return;
  } catch (const kube::StatusError& e) {
    failed = status_response(e);
  } catch (const net::ConnectionError&) {
    throw;
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    log::error("request failed", "method", exchange.request().method, "path", exchange.request().path, "error", e.what());
    failed = status_response(kube::internal_error(e.what()));
  }
  if (exchange.answered()) throw net::ConnectionError("an answer that had begun could not be finished");
  co_await exchange.respond(std::move(failed));
}

bool ApiServer::meta(const Request& request, Response& response) const {
  const std::string& path = request.path;
  const Catalog& catalog = registry_.catalog();
  if (path == "/healthz" || path == "/livez" || path == "/readyz") {
    response = {200, {{"Content-Type", kPlain}}, "ok"};
    return true;
  }
  if (path == "/version" || path == "/version/") {
    response = json_response(200, json::dump_pretty(server_version()));
    return true;
  }
  const std::string_view accept = request.headers.get("Accept");
  if (path == "/api" || path == "/apis" || path == "/api/" || path == "/apis/") {
    const bool core = path.starts_with("/api") && !path.starts_with("/apis");
    if (wants_aggregated(accept)) {
      response = json_response(200, json::dump(aggregated(catalog, core)));
      response.headers.set("Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    } else {
      response = json_response(200, json::dump(core ? api_versions(request.headers.get("Host")) : api_groups(catalog)));
    }
    return true;
  }
  if (path == "/openapi/v3" || path == "/openapi/v3/") {
    response = json_response(200, json::dump(open_api_root(catalog)));
    return true;
  }
  const auto parts = split(std::string_view(path).substr(1), '/');
  std::optional<json::value> found;
  if (parts.size() == 2 && parts[0] == "api") found = api_resources(catalog, "", parts[1]);
  else if (parts.size() == 2 && parts[0] == "apis") found = api_group(catalog, parts[1]);
  else if (parts.size() == 3 && parts[0] == "apis") found = api_resources(catalog, parts[1], parts[2]);
  else if (parts.size() == 4 && parts[0] == "openapi" && parts[1] == "v3" && parts[2] == "api") found = open_api(catalog, "", parts[3]);
  else if (parts.size() == 5 && parts[0] == "openapi" && parts[1] == "v3" && parts[2] == "apis") found = open_api(catalog, parts[3], parts[4]);
  else return false;
  if (!found) throw kube::the_server_could_not_find();
  response = json_response(200, json::dump(*found));
  return true;
}

Task<> ApiServer::dispatch(Exchange& exchange, const Identity& who) {
  const Request& request = exchange.request();
  const auto parts = split(std::string_view(request.path).substr(1), '/');
  const bool core = parts[0] == "api";
  const size_t head = core ? 2 : 3;
  if ((!core && parts[0] != "apis") || parts.size() <= head) {
    Target none;
    authorize(who, request, none);
    Response response;
    if (!meta(request, response)) throw kube::StatusError(404, "NotFound", "the server could not find the requested resource", json::object());
    if (request.method != "GET" && request.method != "HEAD") throw not_allowed();
    co_await exchange.respond(std::move(response));
    co_return;
  }
  Target target;
  target.group = core ? "" : parts[1];
  target.version = core ? parts[1] : parts[2];
  size_t at = head;
  if (parts[at] == "watch" && parts.size() > at + 1) {  // the older way to say ?watch=true
    target.watch = true;
    ++at;
  }
  target.watch = target.watch || request.query.flag("watch");
  const bool of_namespace = parts[at] == "namespaces" && core;
  if (parts[at] == "namespaces" && parts.size() > at + 2 && !(of_namespace && parts.size() == at + 3 && (parts[at + 2] == "status" || parts[at + 2] == "finalize"))) {
    target.ns = parts[at + 1];
    at += 2;
  }
  target.plural = parts[at];
  if (parts.size() > at + 1) target.name = parts[at + 1];
  if (parts.size() > at + 2) target.subresource = parts[at + 2];
  if (of_namespace && target.plural == "namespaces") target.ns = target.name;  // as RBAC sees it

  if (target.group == "authentication.k8s.io" || target.group == "authorization.k8s.io") {
    if (request.method != "POST") throw not_allowed();
    co_await review(exchange, who);
    co_return;
  }
  for (const auto& type : registry_.catalog().all())
    if (type->id.plural == target.plural && type->id.group == target.group && type->id.version == target.version) target.owner = type;
  target.type = target.owner.get();
  authorize(who, request, target);
  if (target.type == nullptr || parts.size() > at + 3 || (target.ns.empty() && target.type->id.namespaced && !target.name.empty()) ||
      (!target.ns.empty() && !target.type->id.namespaced && target.plural != "namespaces"))
    throw kube::the_server_could_not_find();
  if (target.plural == "namespaces" && core) target.ns.clear();
  co_await resource(exchange, target, who);
}

void ApiServer::authorize(const Identity& who, const Request& request, const Target& target) {
  Attributes what{verb_of(request, !target.name.empty(), target.watch), target.group, target.plural, target.ns, target.name, request.path};
  if (!target.subresource.empty()) what.resource += "/" + target.subresource;
  if (target.plural.empty()) {
    what.verb = lower(request.method);
    for (const char* open : {"/healthz", "/livez", "/readyz", "/version"})
      if (request.path == open) return;
  }
  // A selector for one name stands for that name, as kubectl get -w and the drivers' watches ask.
  if (what.name.empty() && (what.verb == "list" || what.verb == "watch"))
    if (const std::string_view fields = request.query.get("fieldSelector"); fields.starts_with("metadata.name=") && fields.find(',') == std::string_view::npos)
      what.name = fields.substr(14);
  if (authorizer_.allowed(who, what)) return;
  if (target.plural.empty())
    throw kube::StatusError(403, "Forbidden", fmt::format("forbidden: User \"{}\" cannot {} path \"{}\"", who.name, what.verb, what.path), json::object());
  const std::string where = target.ns.empty() ? "at the cluster scope" : fmt::format("in the namespace \"{}\"", target.ns);
  throw kube::forbidden(target.group, target.plural, what.name,
                        fmt::format("User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {}", who.name, what.verb, what.resource, target.group, where));
}

Task<> ApiServer::resource(Exchange& exchange, const Target& target, const Identity&) {
  const Request& request = exchange.request();
  const std::string& method = request.method;
  const std::string& sub = target.subresource;
  const bool get = method == "GET" || method == "HEAD";
  if (sub == "log" && target.plural == "pods" && target.group.empty()) {
    if (!get) throw not_allowed();
    co_return co_await log(exchange, target);
  }
  if (sub == "binding" && target.plural == "pods" && target.group.empty()) {
    if (method != "POST") throw not_allowed();
    co_return co_await bind_pod(exchange, target);
  }
  if (sub == "token" && target.plural == "serviceaccounts" && target.group.empty()) {
    if (method != "POST") throw not_allowed();
    co_return co_await request_token(exchange, target);
  }
  if (sub == "finalize" && target.plural == "namespaces" && target.group.empty()) {
    if (method != "PUT") throw not_allowed();
    co_await registry_.finalize_namespace(target.name);
    co_return co_await exchange.respond(json_response(200, "{}"));
  }
  if (!sub.empty() && (sub != "status" || !target.type->has_status)) throw kube::the_server_could_not_find();
  if (get) co_return co_await read(exchange, target);
  if (method == "DELETE" && sub.empty()) {
    if (target.name.empty() && !target.type->deletable_in_bulk) throw not_allowed();
    co_return co_await remove(exchange, target);
  }
  const bool creates = method == "POST" && target.name.empty();
  const bool changes = (method == "PUT" || method == "PATCH") && !target.name.empty();
  if (!creates && !changes) throw not_allowed();
  co_await write(exchange, target);
}

}  // namespace spoke::cluster
