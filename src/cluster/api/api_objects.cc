// The verbs on objects over HTTP: get, list, watch, create, update, patch, delete.
#include "base/strings.h"
#include "cluster/api/api_request.h"
#include "cluster/api/json_text.h"
#include "cluster/api/watching.h"
#include "data/yaml.h"

namespace spoke::cluster {

using net::Exchange;
using net::Request;
using net::Task;

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

}  // namespace spoke::cluster
