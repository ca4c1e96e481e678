// The API of any cluster, over HTTPS.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/api.h"
#include "client/kubeconfig.h"
#include "net/websocket.h"

namespace spoke::client {

class HttpApi : public Api {
 public:
  HttpApi(net::Executor executor, Target target);
  ~HttpApi() override;

  Task<Object> get(const Resource& resource, std::string_view ns, std::string_view name) override;
  Task<List> list(const Resource& resource, std::string_view ns, const ListOptions& options) override;
  Task<Object> create(const Resource& resource, std::string_view ns, Object object) override;
  Task<Object> update(const Resource& resource, std::string_view ns, Object object,
                      std::string_view subresource) override;
  Task<Object> patch(const Resource& resource, std::string_view ns, std::string_view name, PatchType type,
                     json::value body, const PatchOptions& options) override;
  Task<> remove(const Resource& resource, std::string_view ns, std::string_view name,
                const DeleteOptions& options) override;
  void rest() override;
  Task<std::unique_ptr<Watch>> watch(const Resource& resource, std::string_view ns,
                                     const WatchOptions& options) override;

  // GET of any path; answers the body. For /version, logs.
  Task<std::string> get_raw(const std::string& path);
  // A pod's log, piece by piece, until its end or until it is cancelled. `options` are the query of /log.
  Task<> logs(std::string_view ns, std::string_view pod, net::Query options,
              std::function<void(std::string_view)> sink);
  // A WebSocket to a path that offers one: /portforward. Throws StatusError where it is refused.
  Task<net::WebSocket> websocket(const std::string& path, net::Query query, std::string protocol);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spoke::client
