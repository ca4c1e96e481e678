#include "client/requests.h"

#include <string>
#include <utility>

namespace spoke::client {
namespace {

void add_if(net::Query& query, std::string name, const std::string& value) {
  if (!value.empty()) query.add(std::move(name), value);
}

net::Request with_body(std::string method, std::string path, const json::value& body,
                       std::string content_type = "application/json") {
  net::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers.set("Content-Type", std::move(content_type));
  request.body = json::dump(body);
  return request;
}

const char* content_type(PatchType type) {
  switch (type) {
    case PatchType::Json: return "application/json-patch+json";
    case PatchType::Merge: return "application/merge-patch+json";
    case PatchType::Strategic: return "application/strategic-merge-patch+json";
    case PatchType::Apply: return "application/apply-patch+yaml";  // JSON is YAML
  }
  return "";
}

}  // namespace

net::Request list_request(const Resource& resource, std::string_view ns, const ListOptions& options) {
  net::Request request;
  request.path = resource.path(ns);
  add_if(request.query, "labelSelector", options.label_selector);
  add_if(request.query, "fieldSelector", options.field_selector);
  if (options.limit > 0) request.query.add("limit", std::to_string(options.limit));
  // The two exclude each other: a token holds the version of its first page.
  if (options.continue_token.empty())
    add_if(request.query, "resourceVersion", options.resource_version);
  else
    request.query.add("continue", options.continue_token);
  return request;
}

net::Request watch_request(const Resource& resource, std::string_view ns, const WatchOptions& options,
                           std::chrono::seconds lasting) {
  net::Request request;
  request.path = resource.path(ns);
  request.query.add("watch", "true");
  request.query.add("allowWatchBookmarks", "true");
  request.query.add("timeoutSeconds", std::to_string(lasting.count()));
  add_if(request.query, "labelSelector", options.label_selector);
  add_if(request.query, "fieldSelector", options.field_selector);
  add_if(request.query, "resourceVersion", options.resource_version);
  return request;
}

net::Request create_request(const Resource& resource, std::string_view ns, const Object& object) {
  return with_body("POST", resource.path(ns), object);
}

net::Request update_request(const Resource& resource, std::string_view ns, const Object& object,
                            std::string_view subresource) {
  return with_body("PUT", resource.path(ns, kube::name(object), subresource), object);
}

net::Request patch_request(const Resource& resource, std::string_view ns, std::string_view name, PatchType type,
                           const json::value& body, const PatchOptions& options) {
  auto request = with_body("PATCH", resource.path(ns, name, options.subresource), body, content_type(type));
  add_if(request.query, "fieldManager", options.field_manager);
  if (options.force) request.query.add("force", "true");
  return request;
}

net::Request delete_request(const Resource& resource, std::string_view ns, std::string_view name,
                            const DeleteOptions& options) {
  json::object body{{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
  if (options.grace_period_seconds) body["gracePeriodSeconds"] = *options.grace_period_seconds;
  if (!options.propagation.empty()) body["propagationPolicy"] = options.propagation;
  json::object preconditions;
  if (!options.uid.empty()) preconditions["uid"] = options.uid;
  if (!options.resource_version.empty()) preconditions["resourceVersion"] = options.resource_version;
  if (!preconditions.empty()) body["preconditions"] = std::move(preconditions);
  return with_body("DELETE", resource.path(ns, name), body);
}

}  // namespace spoke::client
