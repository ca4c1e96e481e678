#include "cluster/api/api_server.h"

#include "base/log.h"
#include "base/strings.h"
#include "cluster/api/discovery.h"
#include "cluster/api/watching.h"
#include "data/yaml.h"

namespace spoke::cluster {

using net::Exchange;
using net::Request;
using net::Response;
using net::Task;

struct ApiServer::Target {
  const ResourceType* type = nullptr;
  std::shared_ptr<const ResourceType> owner;  // keeps a custom type alive while it is asked for
  std::string group, version, ns, plural, name, subresource;
  bool watch = false;
};

namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kPlain = "text/plain; charset=utf-8";

Response json_response(int code, std::string body, const Form& form = {}) {
  return {code, {{"Content-Type", form.yaml ? "application/yaml" : kJson}, {"Cache-Control", "no-cache, private"}}, std::move(body)};
}

Response status_response(const kube::StatusError& e) {
  Response response = json_response(e.code(), json::dump(e.to_json()));
  if (const auto seconds = json::num(e.details(), "retryAfterSeconds"); seconds > 0) response.headers.set("Retry-After", std::to_string(seconds));
  return response;
}

std::string_view media_type(const Request& request) {
  const std::string_view type = request.headers.get("Content-Type");
  return trim(type.substr(0, type.find(';')));
}

// The document of a request's body, JSON or YAML.
json::value document(const Request& request) {
  const std::string_view type = media_type(request);
  if (type == "application/yaml") {
    try {
      return yaml::parse(request.body);
    } catch (const Error& e) {
      throw kube::bad_request(std::string("error converting YAML to JSON: ") + e.what());
    }
  }
  if (!type.empty() && type != kJson)
    throw kube::unsupported_media_type(
        "the body of the request was in an unknown format - accepted media types include: application/json, "
        "application/yaml, application/vnd.kubernetes.protobuf");
  if (trim(request.body).empty()) return json::object();
  try {
    return json::parse(request.body);
  } catch (const Error& e) {
    throw kube::bad_request(e.what());
  }
}

// The first word of the User-Agent, as the API server makes it a manager's name.
std::string field_manager(const Request& request) {
  if (const std::string_view given = request.query.get("fieldManager"); !given.empty()) return std::string(given);
  const std::string_view agent = request.headers.get("User-Agent");
  const std::string_view name = agent.substr(0, agent.find('/'));
  return name.empty() ? "unknown" : std::string(name.substr(0, 128));
}

WriteOptions write_options(const Request& request, const std::string& subresource) {
  WriteOptions options;
  options.subresource = subresource;
  options.field_manager = field_manager(request);
  options.force = request.query.flag("force");
  options.dry_run = request.query.get("dryRun") == "All";
  if (const std::string_view dry = request.query.get("dryRun"); !dry.empty() && dry != "All")
    throw kube::invalid("meta.k8s.io", "CreateOptions", "", {kube::not_supported("dryRun", dry, {"All"})});
  const std::string_view validation = request.query.get("fieldValidation");
  if (validation == "Ignore") options.field_validation = FieldValidation::Ignore;
  else if (validation == "Strict") options.field_validation = FieldValidation::Strict;
  else if (validation.empty() || validation == "Warn") options.field_validation = FieldValidation::Warn;
  else throw kube::invalid("meta.k8s.io", "CreateOptions", "", {kube::not_supported("fieldValidation", validation, {"Ignore", "Strict", "Warn"})});
  return options;
}

Response outcome_response(const ResourceType& type, const Form& form, const Outcome& outcome) {
  Response response = json_response(outcome.code, outcome.body, form);
  if (form.as != Form::As::Object || form.yaml) {
    ResourceType served = type;  // outcome bodies are in the served version already
    served.from_storage = nullptr;
    response.body = present(served, form, outcome.body);
  }
  for (const auto& warning : outcome.warnings) {
    std::string text = replace_all(replace_all(warning, "\\", "\\\\"), "\"", "\\\"");
    response.headers.add("Warning", "299 - \"" + text + "\"");
  }
  return response;
}

client::PatchType patch_type(const Request& request) {
  const std::string_view type = media_type(request);
  if (type == "application/json-patch+json") return client::PatchType::Json;
  if (type == "application/merge-patch+json") return client::PatchType::Merge;
  if (type == "application/strategic-merge-patch+json") return client::PatchType::Strategic;
  if (type == "application/apply-patch+yaml") return client::PatchType::Apply;
  throw kube::StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", json::object());
}

std::string verb_of(const Request& request, bool named, bool watch) {
  if (request.method == "GET" || request.method == "HEAD") return watch ? "watch" : named ? "get" : "list";
  if (request.method == "POST") return "create";
  if (request.method == "PUT") return "update";
  if (request.method == "PATCH") return "patch";
  if (request.method == "DELETE") return named ? "delete" : "deletecollection";
  return lower(request.method);
}

const kube::StatusError& not_allowed() {
  static const kube::StatusError e = kube::method_not_allowed("the server does not allow this method on the requested resource");
  return e;
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

Task<> ApiServer::read(Exchange& exchange, const Target& target) {
  const Request& request = exchange.request();
  const ResourceType& type = *target.type;
  const Form form = negotiate(request.headers.get("Accept"));
  if (target.watch) co_return co_await watch(exchange, target, form);
  if (!target.name.empty()) {
    const Entry* entry = registry_.store().find(type.key(target.ns, target.name));
    if (entry == nullptr) throw kube::not_found(type.id.group, type.id.plural, target.name);
    co_return co_await exchange.respond(json_response(200, present(type, form, *entry->body), form));
  }
  const Selection selection = Selection::parse(type, target.ns, request.query.get("labelSelector"), request.query.get("fieldSelector"));
  ListQuery query{std::string(request.query.get("resourceVersion")), std::string(request.query.get("resourceVersionMatch")),
                  std::string(request.query.get("continue")), to_int(request.query.get("limit")).value_or(0)};
  const Page page = list(registry_.store(), type, selection, query);
  std::vector<const std::string*> bodies;
  for (const auto& entry : page.entries) bodies.push_back(entry.body.get());
  Form shape = form;
  if (const std::string_view include = request.query.get("includeObject"); include == "None") shape.include = Form::Include::None;
  else if (include == "Object") shape.include = Form::Include::Object;
  co_await exchange.respond(json_response(200, present_list(type, shape, bodies, page.metadata), form));
}

Task<> ApiServer::watch(Exchange& exchange, const Target& target, const Form& form) {
  const Request& request = exchange.request();
  const ResourceType& type = *target.type;
  std::string fields(request.query.get("fieldSelector"));
  if (!target.name.empty()) fields = "metadata.name=" + target.name;
  WatchQuery query{Selection::parse(type, target.ns, request.query.get("labelSelector"), fields),
                   std::string(request.query.get("resourceVersion")),
                   std::string(request.query.get("resourceVersionMatch")),
                   request.query.flag("allowWatchBookmarks"),
                   request.query.has("sendInitialEvents") ? std::optional(request.query.flag("sendInitialEvents")) : std::nullopt,
                   std::chrono::seconds(to_int(request.query.get("timeoutSeconds")).value_or(0))};
  co_await stream_watch(executor_, exchange, registry_.store(), type, form, std::move(query), target.owner);
}

Task<> ApiServer::write(Exchange& exchange, const Target& target) {
  const Request& request = exchange.request();
  const ResourceType& type = *target.type;
  const Form form = negotiate(request.headers.get("Accept"));
  WriteOptions options = write_options(request, target.subresource);
  Outcome outcome;
  if (request.method == "POST") {
    outcome = co_await registry_.create(type, target.ns, document(request), std::move(options));
  } else if (request.method == "PUT") {
    outcome = co_await registry_.update(type, target.ns, target.name, document(request), std::move(options));
  } else {
    const client::PatchType kind = patch_type(request);
    json::value body;
    try {
      body = kind == client::PatchType::Apply ? yaml::parse(request.body) : json::parse(request.body);
    } catch (const Error& e) {
      throw kube::bad_request(kind == client::PatchType::Apply ? std::string("error decoding YAML: ") + e.what() : std::string(e.what()));
    }
    if (kind == client::PatchType::Apply && request.query.get("fieldManager").empty())
      throw kube::invalid("meta.k8s.io", "PatchOptions", "", {kube::required("fieldManager", "is required for apply patch")});
    if (kind != client::PatchType::Apply && request.query.has("force"))
      throw kube::invalid("meta.k8s.io", "PatchOptions", "", {kube::forbidden_field("force", "may not be specified for non-apply patch")});
    outcome = co_await registry_.patch(type, target.ns, target.name, kind, std::move(body), std::move(options));
  }
  co_await exchange.respond(outcome_response(type, form, outcome));
}

namespace {

client::DeleteOptions delete_options(const Request& request) {
  json::value body = document(request);
  client::DeleteOptions options;
  if (json::find(body, "gracePeriodSeconds") != nullptr) options.grace_period_seconds = json::num(body, "gracePeriodSeconds");
  if (const auto grace = to_int(request.query.get("gracePeriodSeconds"))) options.grace_period_seconds = *grace;
  options.uid = json::str(body, "preconditions.uid");
  options.resource_version = json::str(body, "preconditions.resourceVersion");
  options.propagation = json::str(body, "propagationPolicy", request.query.get("propagationPolicy"));
  if (!options.propagation.empty() && options.propagation != "Background" && options.propagation != "Foreground" && options.propagation != "Orphan")
    throw kube::invalid("meta.k8s.io", "DeleteOptions", "", {kube::not_supported("propagationPolicy", options.propagation, {"Background", "Foreground", "Orphan", "nil"})});
  if (json::flag(body, "orphanDependents")) options.propagation = "Orphan";
  return options;
}

}  // namespace

Task<> ApiServer::remove(Exchange& exchange, const Target& target) {
  const Request& request = exchange.request();
  const ResourceType& type = *target.type;
  const Form form = negotiate(request.headers.get("Accept"));
  const client::DeleteOptions options = delete_options(request);
  const bool dry_run = request.query.get("dryRun") == "All";
  if (!target.name.empty()) {
    const Outcome outcome = co_await registry_.remove(type, target.ns, target.name, options, dry_run);
    co_return co_await exchange.respond(json_response(outcome.code, outcome.body, form));
  }
  const Selection selection = Selection::parse(type, target.ns, request.query.get("labelSelector"), request.query.get("fieldSelector"));
  const Page page = list(registry_.store(), type, selection, {});
  std::vector<const std::string*> bodies;
  for (const auto& entry : page.entries) bodies.push_back(entry.body.get());
  for (const auto& entry : page.entries) {
    const Object object = json::parse(*entry.body);
    try {
      client::DeleteOptions one = options;
      co_await registry_.remove(type, std::string(kube::ns(object)), std::string(kube::name(object)), std::move(one), dry_run);
    } catch (const kube::StatusError& e) {
      if (!e.is("NotFound")) throw;  // somebody else was faster
    }
  }
  co_await exchange.respond(json_response(200, present_list(type, form, bodies, page.metadata), form));
}

Task<> ApiServer::bind_pod(Exchange& exchange, const Target& target) {
  const json::value binding = document(exchange.request());
  const std::string node(json::str(binding, "target.name"));
  if (node.empty()) throw kube::invalid("", "Binding", target.name, {kube::required("target.name", "")});
  co_await bind(registry_, target.ns, target.name, node);
  co_await exchange.respond(json_response(201, R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201})"));
}

Task<> ApiServer::request_token(Exchange& exchange, const Target& target) {
  json::value wanted = document(exchange.request());
  const Object account = registry_.current(*target.type, target.ns, target.name);
  const auto seconds = json::num(wanted, "spec.expirationSeconds", 3600);
  if (seconds < 600)
    throw kube::invalid("authentication.k8s.io", "TokenRequest", "", {kube::invalid_value("spec.expirationSeconds", json::value(seconds), "may not specify a duration less than 10 minutes")});
  std::vector<std::string> audiences;
  for (const auto& a : json::list(wanted, "spec.audiences"))
    if (a.is_string()) audiences.push_back(json::to_string(a.get_string()));
  const Time at = now();
  const std::string token = authenticator_.sign(target.ns, account, json::str(wanted, "spec.boundObjectRef.name"), json::str(wanted, "spec.boundObjectRef.uid"), audiences, at, seconds);
  json::array aud;
  for (const auto& a : audiences) aud.emplace_back(a);
  if (aud.empty()) aud.emplace_back(Authenticator::kIssuer);
  json::object spec{{"audiences", std::move(aud)}, {"expirationSeconds", seconds}};
  const json::value* bound = json::find(wanted, "spec.boundObjectRef");
  spec["boundObjectRef"] = bound != nullptr ? *bound : json::value(nullptr);
  const json::object out{{"kind", "TokenRequest"},
                         {"apiVersion", "authentication.k8s.io/v1"},
                         {"metadata", json::object{{"name", target.name}, {"namespace", target.ns}, {"uid", kube::uid(account)}, {"creationTimestamp", rfc3339(at)}}},
                         {"spec", std::move(spec)},
                         {"status", json::object{{"token", token}, {"expirationTimestamp", rfc3339(at + std::chrono::seconds(seconds))}}}};
  co_await exchange.respond(json_response(201, json::dump(out)));
}

Task<> ApiServer::review(Exchange& exchange, const Identity& who) {
  json::value body = document(exchange.request());
  const std::string plural = split(exchange.request().path, '/').back();
  if (plural == "selfsubjectreviews") {
    json::array groups;
    for (const auto& g : who.groups) groups.emplace_back(g);
    json::object user{{"username", who.name}};
    if (!who.uid.empty()) user["uid"] = who.uid;
    user["groups"] = std::move(groups);
    if (!who.extra.empty()) user["extra"] = who.extra;
    const json::object out{{"kind", "SelfSubjectReview"}, {"apiVersion", "authentication.k8s.io/v1"},
                           {"metadata", json::object{{"creationTimestamp", rfc3339(now())}}},
                           {"status", json::object{{"userInfo", std::move(user)}}}};
    co_return co_await exchange.respond(json_response(201, json::dump(out)));
  }
  if (plural != "selfsubjectaccessreviews") throw kube::the_server_could_not_find();
  Attributes what;
  if (const json::value* r = json::find(body, "spec.resourceAttributes")) {
    what = {std::string(json::str(*r, "verb")), std::string(json::str(*r, "group")), std::string(json::str(*r, "resource")),
            std::string(json::str(*r, "namespace")), std::string(json::str(*r, "name")), ""};
    if (const std::string_view sub = json::str(*r, "subresource"); !sub.empty()) what.resource += "/" + std::string(sub);
  } else {
    what.verb = json::str(body, "spec.nonResourceAttributes.verb");
    what.path = json::str(body, "spec.nonResourceAttributes.path");
  }
  json::set(body, "kind", "SelfSubjectAccessReview");
  json::set(body, "apiVersion", "authorization.k8s.io/v1");
  json::set(body, "status", json::object{{"allowed", authorizer_.allowed(who, what)}});
  co_await exchange.respond(json_response(201, json::dump(body)));
}

Task<> ApiServer::log(Exchange& exchange, const Target& target) {
  const Entry* entry = registry_.store().find(target.type->key(target.ns, target.name));
  if (entry == nullptr) throw kube::not_found("", "pods", target.name);
  const Object pod = json::parse(*entry->body);
  if (!logs_) throw kube::service_unavailable("no node is there to read logs from");
  co_await stream_log(executor_, exchange, [this, &pod, &exchange](std::function<Task<>(std::string_view)> write) -> Task<> {
    return logs_(pod, exchange.request().query, std::move(write));
  });
}

}  // namespace spoke::cluster
