// Kubernetes' API over HTTP: from a request to a verb on the registry and back.
//
//   api_server.cc   paths, authentication, authorization     api_pods.cc      log, port-forward, binding, eviction
//   api_objects.cc  get, list, watch, create, ... of objects  api_reviews.cc   who am I, may I, tokens
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/files.h"
#include "cluster/api/auth.h"
#include "cluster/api/present.h"
#include "cluster/api/reader.h"
#include "cluster/api/registry.h"
#include "net/http_server.h"
#include "net/scope.h"

namespace spoke::cluster {

// Where a container's log comes from (the node). `write` takes it piece by piece.
using LogSource = std::function<net::Task<>(const Object& pod, const net::Query& query,
                                            std::function<net::Task<>(std::string_view)> write)>;

// A connection to a port of a pod, as from within it (the node). Throws Error where nobody listens there.
using PodDialer = std::function<net::Task<Fd>(const Object& pod, std::uint16_t port)>;

class ApiServer {
 public:
  ApiServer(net::Executor executor, Registry& registry, const Authenticator& authenticator, Authorizer& authorizer);

  void set_log_source(LogSource source) { logs_ = std::move(source); }
  void set_pod_dialer(PodDialer dialer) { dial_ = std::move(dialer); }
  net::Task<> handle(net::Exchange& exchange);  // a net::Handler

  struct Target;  // what a path names (api_request.h)

 private:
  net::Task<> dispatch(net::Exchange& exchange, const Identity& who);
  net::Task<> resource(net::Exchange& exchange, const Target& target);
  bool meta(const net::Request& request, net::Response& response) const;  // discovery, version, health
  void authorize(const Identity& who, const net::Request& request, const Target& target);

  net::Task<> read(net::Exchange& exchange, const Target& target);
  net::Task<> watch(net::Exchange& exchange, const Target& target, const Form& form);
  net::Task<> write(net::Exchange& exchange, const Target& target);
  net::Task<Outcome> patch(const net::Request& request, const Target& target, WriteOptions options);
  net::Task<> remove(net::Exchange& exchange, const Target& target);
  net::Task<> scale(net::Exchange& exchange, const Target& target);

  net::Task<> log(net::Exchange& exchange, const Target& target);
  net::Task<> bind_pod(net::Exchange& exchange, const Target& target);
  net::Task<> evict(net::Exchange& exchange, const Target& target);
  net::Task<> connect(net::Exchange& exchange, const Target& target);  // exec, attach
  net::Task<> forward(net::Exchange& exchange, const Target& target);  // port-forward

  net::Task<> request_token(net::Exchange& exchange, const Target& target);
  net::Task<> review(net::Exchange& exchange, const Identity& who, const Target& target);

  net::Executor executor_;
  Registry& registry_;
  const Authenticator& authenticator_;
  Authorizer& authorizer_;
  LogSource logs_;
  PodDialer dial_;
};

}  // namespace spoke::cluster
