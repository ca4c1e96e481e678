// The verbs on objects over HTTP: get, list, watch, create, update, patch, delete; and scale, which is another face of
// one.
#include "base/strings.h"
#include "cluster/api/api_request.h"
#include "cluster/api/json_text.h"
#include "cluster/api/privileges.h"
#include "cluster/api/scale.h"
#include "cluster/api/watching.h"
#include "data/yaml.h"
#include "kube/patch.h"

namespace spoke::cluster {

using client::PatchType;
using net::Exchange;
using net::Request;
using net::Response;
using net::Task;

namespace {

Form form_of(const Request& request) {
  Form form = negotiate(request.headers.get("Accept"));
  const std::string_view include = request.query.get("includeObject");
  if (include == "None") form.include = Form::Include::None;
  if (include == "Object") form.include = Form::Include::Object;
  return form;
}

Response warned(Response response, const ResourceType& type) {
  if (!type.deprecated.empty()) add_warning(response, type.deprecated);
  return response;
}

PatchType patch_type(const Request& request) {
  const std::string_view type = media_type(request);
  if (type == "application/json-patch+json") return PatchType::Json;
  if (type == "application/merge-patch+json") return PatchType::Merge;
  if (type == "application/strategic-merge-patch+json") return PatchType::Strategic;
  if (type == "application/apply-patch+yaml") return PatchType::Apply;
  throw kube::StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", json::object());
}

json::value patch_body(const Request& request, PatchType kind) {
  try {
    return kind == PatchType::Apply ? yaml::parse(request.body) : json::parse(request.body);
  } catch (const Error& e) {
    if (kind == PatchType::Apply)
      throw kube::bad_request(std::string("error decoding YAML: error converting YAML to JSON: ") + e.what());
    throw kube::bad_request("error decoding patch: " + json_problem(request.body).value_or(e.what()));
  }
}

void check_patch_options(const Request& request, PatchType kind) {
  if (kind == PatchType::Apply && request.query.get("fieldManager").empty())
    throw kube::invalid("meta.k8s.io", "PatchOptions", "",
                        {kube::required("fieldManager", "is required for apply patch")});
  if (kind != PatchType::Apply && request.query.has("force"))
    throw kube::invalid("meta.k8s.io", "PatchOptions", "",
                        {kube::forbidden_field("force", "may not be specified for non-apply patch")});
}

}  // namespace

Task<> ApiServer::read(Exchange& exchange, const Target& target) {
  const Request& request = exchange.request();
  const ResourceType& type = *target.type;
  const Form form = form_of(request);
  if (target.watch) co_return co_await watch(exchange, target, form);
  if (!target.name.empty()) {
    if (const std::string problem = revision_problem(request.query.get("resourceVersion")); !problem.empty())
      throw kube::unclassified(problem);
    const Entry* entry = registry_.store().find(type.key(target.ns, target.name));
    if (entry == nullptr) throw kube::not_found(type.id.group, type.id.plural, target.name);
    co_return co_await exchange.respond(warned(json_response(200, present(type, form, *entry->body), form), type));
  }
  const ListQuery query = list_query(request, false);
  const Selection selection =
      Selection::parse(type, target.ns, request.query.get("labelSelector"), request.query.get("fieldSelector"));
  const Page page = list(registry_.store(), type, selection, query);
  std::vector<const std::string*> bodies;
  for (const auto& entry : page.entries) bodies.push_back(entry.body.get());
  co_await exchange.respond(warned(json_response(200, present_list(type, form, bodies, page.metadata), form), type));
}

Task<> ApiServer::watch(Exchange& exchange, const Target& target, const Form& form) {
  const Request& request = exchange.request();
  const ResourceType& type = *target.type;
  std::string fields(request.query.get("fieldSelector"));
  if (!target.name.empty()) fields = "metadata.name=" + target.name;
  const ListQuery options = list_query(request, true);
  if (const std::string problem = revision_problem(options.resource_version); !problem.empty())
    throw kube::unclassified(problem);
  WatchQuery query{
      Selection::parse(type, target.ns, request.query.get("labelSelector"), fields), options.resource_version,
      request.query.flag("allowWatchBookmarks"),
      request.query.has("sendInitialEvents") ? std::optional(request.query.flag("sendInitialEvents")) : std::nullopt,
      std::chrono::seconds(options.timeout_seconds)};
  co_await stream_watch(executor_, exchange, registry_.store(), type, form, std::move(query), target.owner);
}

Task<Outcome> ApiServer::patch(const Request& request, const Target& target, WriteOptions options) {
  const PatchType kind = patch_type(request);
  check_patch_options(request, kind);
  json::value body = patch_body(request, kind);
  if (kind != PatchType::Apply) options.duplicates = duplicate_members(request.body);
  return registry_.patch(*target.type, target.ns, target.name, kind, std::move(body), std::move(options));
}

Task<> ApiServer::write(Exchange& exchange, const Target& target) {
  const Request& request = exchange.request();
  const ResourceType& type = *target.type;
  const Form form = form_of(request);
  WriteOptions options = write_options(request, target.subresource);
  options.permit = [this, &target](const Object* before, const Object& after) {
    refuse_escalation(authorizer_, registry_.store(), *target.who, *target.type, before, after);
  };
  Outcome outcome;
  if (request.method == "PATCH") {
    outcome = co_await patch(request, target, std::move(options));
  } else {
    Object object = object_of(request, type, options);
    outcome = request.method == "POST"
                  ? co_await registry_.create(type, target.ns, std::move(object), std::move(options))
                  : co_await registry_.update(type, target.ns, target.name, std::move(object), std::move(options));
  }
  co_await exchange.respond(warned(outcome_response(type, form, outcome), type));
}

Task<> ApiServer::scale(Exchange& exchange, const Target& target) {
  const Request& request = exchange.request();
  const ResourceType& type = *target.type;
  const Object object = registry_.current(type, target.ns, target.name);
  if (!type.scale) throw kube::not_found(type.id.group, type.id.plural, target.name);
  if (request.method == "GET" || request.method == "HEAD")
    co_return co_await exchange.respond(json_response(200, json::dump(scale_of(type, object))));
  WriteOptions options = write_options(request, "scale");
  Object wanted;
  if (request.method == "PUT") {
    wanted = document(request);
  } else if (request.method == "PATCH") {
    const PatchType kind = patch_type(request);
    // Of a Scale, which has no lists, a strategic patch is a merge patch.
    if ((kind == PatchType::Strategic && type.custom) || kind == PatchType::Apply)
      throw kube::unsupported_media_type("a scale takes JSON patches and merge patches");
    wanted = patch_body(request, kind);
    wanted = kind == PatchType::Json ? kube::json_patch(scale_of(type, object), wanted)
                                     : kube::merge_patch(scale_of(type, object), wanted);
  } else {
    throw not_allowed();
  }
  const Outcome outcome =
      co_await registry_.update(type, target.ns, target.name, with_scale(type, object, wanted), std::move(options));
  co_await exchange.respond(json_response(200, json::dump(scale_of(type, json::parse(outcome.body)))));
}

Task<> ApiServer::remove(Exchange& exchange, const Target& target) {
  const Request& request = exchange.request();
  const ResourceType& type = *target.type;
  const Form form = form_of(request);
  const Removal removal = removal_of(request);
  if (!target.name.empty()) {
    const Outcome outcome = co_await registry_.remove(type, target.ns, target.name, removal.options, removal.dry_run);
    co_return co_await exchange.respond(warned(json_response(outcome.code, outcome.body, form), type));
  }
  const Selection selection =
      Selection::parse(type, target.ns, request.query.get("labelSelector"), request.query.get("fieldSelector"));
  const Page page = list(registry_.store(), type, selection, {});
  std::vector<const std::string*> bodies;
  for (const auto& entry : page.entries) bodies.push_back(entry.body.get());
  for (const auto& entry : page.entries) {
    const Object object = json::parse(*entry.body);
    try {
      client::DeleteOptions one = removal.options;
      co_await registry_.remove(type, std::string(kube::ns(object)), std::string(kube::name(object)), std::move(one),
                                removal.dry_run);
    } catch (const kube::StatusError& e) {
      if (!e.is("NotFound")) throw;  // somebody else was faster
    }
  }
  co_await exchange.respond(warned(json_response(200, present_list(type, form, bodies, page.metadata), form), type));
}

}  // namespace spoke::cluster
