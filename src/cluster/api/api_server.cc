#include "cluster/api/api_server.h"

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"
#include "cluster/api/api_request.h"
#include "cluster/api/discovery.h"
#include "cluster/api/privileges.h"

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

ApiServer::ApiServer(net::Executor executor, Registry& registry, const Authenticator& authenticator,
                     Authorizer& authorizer)
    : executor_(std::move(executor)), registry_(registry), authenticator_(authenticator), authorizer_(authorizer) {}

Task<> ApiServer::handle(Exchange& exchange) {
  Response failed;
  try {
    auto who = authenticator_.identify(exchange.request().headers.get("Authorization"), now());
    if (!who) throw kube::unauthorized();
    co_await dispatch(exchange, acting_as(authorizer_, std::move(*who), exchange.request().headers));
    co_return;
  } catch (const kube::StatusError& e) {
    failed = status_response(e);
  } catch (const PageNotFound&) {
    failed = page_not_found();
  } catch (const net::ConnectionError&) {
    throw;
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    log::error("request failed", "method", exchange.request().method, "path", exchange.request().path, "error",
               e.what());
    failed = status_response(kube::internal_error(e.what()));
  }
  if (exchange.answered()) throw net::ConnectionError("an answer that had begun could not be finished");
  co_await exchange.respond(std::move(failed));
}

bool ApiServer::meta(const Request& request, Response& response) const {
  std::string path = request.path;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const Catalog& catalog = registry_.catalog();
  for (const char* health : {"/healthz", "/livez", "/readyz"})
    if (path == health || path == std::string(health) + "/ping") {
      response = {200, {{"Content-Type", kPlain}}, "ok"};
      return true;
    }
  if (path == "/version") {
    response = json_response(200, json::dump_pretty(server_version()));
    return true;
  }
  if (path == "/") {
    response = json_response(200, json::dump(root_paths(catalog)));
    return true;
  }
  const std::string_view accept = request.headers.get("Accept");
  if (path == "/api" || path == "/apis") {
    const bool core = path == "/api";
    if (wants_aggregated(accept)) {
      response = json_response(200, json::dump(aggregated(catalog, core)));
      response.headers.set("Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    } else {
      response = json_response(200, json::dump(core ? api_versions(request.headers.get("Host")) : api_groups(catalog)));
    }
    return true;
  }
  if (path == "/openapi/v3") {
    response = {200, {{"Content-Type", kPlain}}, json::dump(open_api_root(catalog))};
    return true;
  }
  const auto parts = split(std::string_view(path).substr(1), '/');
  if (parts[0] == "openapi") {
    std::optional<json::value> document;
    if (parts.size() == 4 && parts[1] == "v3" && parts[2] == "api") document = open_api(catalog, "", parts[3]);
    if (parts.size() == 5 && parts[1] == "v3" && parts[2] == "apis") document = open_api(catalog, parts[3], parts[4]);
    response = document ? json_response(200, json::dump(*document)) : Response{404, {}, ""};
    return true;
  }
  std::optional<json::value> found;
  if (parts.size() == 2 && parts[0] == "api")
    found = api_resources(catalog, "", parts[1]);
  else if (parts.size() == 2 && parts[0] == "apis")
    found = api_group(catalog, parts[1]);
  else if (parts.size() == 3 && parts[0] == "apis")
    found = api_resources(catalog, parts[1], parts[2]);
  if (!found) return false;
  response = json_response(200, json::dump(*found));
  return true;
}

Task<> ApiServer::dispatch(Exchange& exchange, const Identity& who) {
  const Request& request = exchange.request();
  auto parts = split(std::string_view(request.path).substr(1), '/');
  while (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  // No name is empty: what is asked of RBAC and what is done must be read from the path in one way.
  if (std::ranges::find(parts, "") != parts.end() && parts.size() > 1) throw PageNotFound();
  const bool core = parts[0] == "api";
  const size_t head = core ? 2 : 3;
  if ((!core && parts[0] != "apis") || parts.size() <= head) {
    authorize(who, request, Target());
    Response response;
    if (!meta(request, response)) {
      if (core) throw kube::the_server_could_not_find();
      throw PageNotFound();
    }
    if (request.method != "GET" && request.method != "HEAD") throw not_allowed();
    co_return co_await exchange.respond(std::move(response));
  }
  Target target;
  target.who = &who;
  target.group = core ? "" : parts[1];
  target.version = core ? parts[1] : parts[2];
  size_t at = head;
  if (parts[at] == "watch" && parts.size() > at + 1) {  // the older way to say ?watch=true
    target.watch = true;
    ++at;
  }
  target.watch = target.watch || request.query.flag("watch");
  const bool of_namespace = parts[at] == "namespaces" && core;
  if (parts[at] == "namespaces" && parts.size() > at + 2 &&
      !(of_namespace && parts.size() == at + 3 && (parts[at + 2] == "status" || parts[at + 2] == "finalize"))) {
    target.ns = parts[at + 1];
    at += 2;
  }
  target.plural = parts[at];
  if (parts.size() > at + 1) target.name = parts[at + 1];
  if (parts.size() > at + 2) target.subresource = parts[at + 2];
  if (of_namespace && target.plural == "namespaces") target.ns = target.name;  // as RBAC sees it

  target.owner = registry_.catalog().shared(target.group, target.version, target.plural);
  target.type = target.owner.get();
  authorize(who, request, target);
  if (is_review(target.group, target.plural)) co_return co_await review(exchange, who, target);
  if (core && target.plural == "bindings" && target.name.empty() &&
      !target.ns.empty()) {  // the older way to the subresource
    if (request.method != "POST") throw not_allowed();
    target.owner = registry_.catalog().shared("", "v1", "pods");
    target.type = target.owner.get();
    co_return co_await bind_pod(exchange, target);
  }
  const bool known = target.type != nullptr && parts.size() <= at + 3 &&
                     (!target.ns.empty() || !target.type->id.namespaced || target.name.empty()) &&
                     (target.ns.empty() || target.type->id.namespaced || target.type->storage == "core/namespaces");
  if (!known) {
    if (is_builtin_group(registry_.catalog(), target.group)) throw kube::the_server_could_not_find();
    throw PageNotFound();
  }
  if (target.type->storage == "core/namespaces") target.ns.clear();
  if (target.type->deprecated.empty()) co_return co_await resource(exchange, target);

  // Clients are told at each answer, a refusal too, that they ask for something old.
  Response refused;
  bool ok = true;
  try {
    co_await resource(exchange, target);
  } catch (const kube::StatusError& e) {
    ok = false;
    refused = status_response(e);
  }
  if (ok) co_return;
  add_warning(refused, target.type->deprecated);
  co_await exchange.respond(std::move(refused));
}

void ApiServer::authorize(const Identity& who, const Request& request, const Target& target) {
  Attributes what{verb_of(request, !target.name.empty(), target.watch),
                  target.group,
                  target.plural,
                  target.ns,
                  target.name,
                  request.path};
  if (!target.subresource.empty()) what.resource += "/" + target.subresource;
  if (target.plural.empty()) {
    what.verb = lower(request.method);
    for (const char* open : {"/healthz", "/livez", "/readyz", "/version"})
      if (request.path == open) return;
  }
  // A selector for one name stands for that name, as kubectl get -w and the drivers' watches ask.
  if (what.name.empty() && (what.verb == "list" || what.verb == "watch"))
    if (const std::string_view fields = request.query.get("fieldSelector");
        fields.starts_with("metadata.name=") && fields.find(',') == std::string_view::npos)
      what.name = fields.substr(14);
  if (authorizer_.allowed(who, what)) return;
  if (target.plural.empty())
    throw kube::StatusError(403, "Forbidden",
                            fmt::format("forbidden: User \"{}\" cannot {} path \"{}\"", who.name, what.verb, what.path),
                            json::object());
  const std::string where =
      target.ns.empty() ? "at the cluster scope" : fmt::format("in the namespace \"{}\"", target.ns);
  throw kube::forbidden(target.group, target.plural, what.name,
                        fmt::format("User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {}", who.name, what.verb,
                                    what.resource, target.group, where));
}

Task<> ApiServer::resource(Exchange& exchange, const Target& target) {
  // Subresources with a handler of their own, and the methods that each takes.
  struct Sub {
    const char *storage, *name;
    std::vector<std::string_view> methods;
    Task<> (ApiServer::*handler)(Exchange&, const Target&);
  };
  static const std::vector<Sub> subs{
      {"core/pods", "log", {"GET", "HEAD"}, &ApiServer::log},
      {"core/pods", "binding", {"POST"}, &ApiServer::bind_pod},
      {"core/pods", "eviction", {"POST"}, &ApiServer::evict},
      {"core/pods", "exec", {"GET", "POST"}, &ApiServer::connect},
      {"core/pods", "attach", {"GET", "POST"}, &ApiServer::connect},
      {"core/pods", "portforward", {"GET", "POST"}, &ApiServer::forward},
      {"core/serviceaccounts", "token", {"POST"}, &ApiServer::request_token},
      {"core/namespaces", "finalize", {"PUT"}, &ApiServer::write},
  };
  const std::string& method = exchange.request().method;
  const std::string& sub = target.subresource;
  for (const auto& s : subs) {
    if (!target.is(s.storage, s.name)) continue;
    if (std::find(s.methods.begin(), s.methods.end(), method) == s.methods.end()) throw not_allowed();
    co_return co_await (this->*s.handler)(exchange, target);
  }
  if (sub == "scale" && (target.type->custom || target.type->scale)) co_return co_await scale(exchange, target);
  if (!sub.empty() && (sub != "status" || !target.type->has_status)) throw kube::the_server_could_not_find();
  if (method == "GET" || method == "HEAD") co_return co_await read(exchange, target);
  const bool everywhere = target.type->id.namespaced && target.ns.empty();
  if (method == "DELETE" && sub.empty() && !everywhere && (!target.name.empty() || target.type->deletable_in_bulk))
    co_return co_await remove(exchange, target);
  const bool creates = method == "POST" && target.name.empty() && !everywhere;
  const bool changes = (method == "PUT" || method == "PATCH") && !target.name.empty();
  if (!creates && !changes) throw not_allowed();
  co_await write(exchange, target);
}

}  // namespace spoke::cluster
