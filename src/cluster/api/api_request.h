// Reading requests and writing answers: bodies, options, selectors, as the API server's handlers take them from HTTP.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "cluster/api/api_server.h"
#include "cluster/api/present.h"
#include "cluster/api/reader.h"
#include "cluster/api/registry.h"
#include "net/http_server.h"

namespace spoke::cluster {

// What a path names.
struct ApiServer::Target {
  const Identity* who = nullptr;  // that asks
  const ResourceType* type = nullptr;
  std::shared_ptr<const ResourceType> owner;  // keeps a custom type alive while it is asked for
  std::string group, version, ns, plural, name, subresource;
  bool watch = false;

  bool is(std::string_view storage, std::string_view sub) const {
    return type->storage == storage && subresource == sub;
  }
};

// A path that nobody serves: net/http's plain answer, not a Status.
class PageNotFound : public std::exception {};

net::Response json_response(int code, std::string body, const Form& form = {});
net::Response status_response(const kube::StatusError& e);
net::Response page_not_found();
net::Response outcome_response(const ResourceType& type, const Form& form, const Outcome& outcome);
void add_warning(net::Response& response, std::string_view text);  // RFC 9111's header, as kubectl shows it
const kube::StatusError& not_allowed();

// Whether it is asked, not kept: authentication.k8s.io and authorization.k8s.io.
bool is_review(std::string_view group, std::string_view plural);

// Whether the group is the server's own, rather than one of custom kinds.
bool is_builtin_group(const Catalog& catalog, std::string_view group);

std::string_view media_type(const net::Request& request);

// The document of a body that may be missing (options, reviews), JSON or YAML.
json::value document(const net::Request& request);

// The object of a body that must be there, for a create or update of `type`. Members that its text names twice are
// added to `options`.
Object object_of(const net::Request& request, const ResourceType& type, WriteOptions& options);

WriteOptions write_options(const net::Request& request, const std::string& subresource);

struct Removal {
  client::DeleteOptions options;
  bool dry_run = false;
};
Removal removal_of(const net::Request& request);

// Of a list or watch (metav1.ListOptions). Throws StatusError Invalid or BadRequest where it makes no sense.
ListQuery list_query(const net::Request& request, bool watch);

}  // namespace spoke::cluster
