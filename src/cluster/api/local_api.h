// The API from inside the process: the same verbs without the wire, for the cluster's own controllers, scheduler and
// node.
#pragma once

#include "client/api.h"
#include "cluster/api/registry.h"

namespace spoke::cluster {

class LocalApi : public client::Api {
 public:
  // `manager` is the field manager of its writes.
  LocalApi(Registry& registry, std::string manager) : registry_(registry), manager_(std::move(manager)) {}

  net::Task<Object> get(const client::Resource& resource, std::string_view ns, std::string_view name) override;
  net::Task<client::List> list(const client::Resource& resource, std::string_view ns,
                               const client::ListOptions& options) override;
  net::Task<Object> create(const client::Resource& resource, std::string_view ns, Object object) override;
  net::Task<Object> update(const client::Resource& resource, std::string_view ns, Object object,
                           std::string_view subresource) override;
  net::Task<Object> patch(const client::Resource& resource, std::string_view ns, std::string_view name,
                          client::PatchType type, json::value body, const client::PatchOptions& options) override;
  net::Task<> remove(const client::Resource& resource, std::string_view ns, std::string_view name,
                     const client::DeleteOptions& options) override;
  net::Task<std::unique_ptr<client::Watch>> watch(const client::Resource& resource, std::string_view ns,
                                                  const client::WatchOptions& options) override;

 private:
  std::shared_ptr<const ResourceType> type(const client::Resource& resource) const;
  WriteOptions options(std::string_view subresource = "") const;
  Registry& registry_;
  std::string manager_;
};

}  // namespace spoke::cluster
