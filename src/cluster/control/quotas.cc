// The status of ResourceQuotas: what of them is used.
#include "cluster/api/quota.h"
#include "cluster/control/controllers.h"
#include "cluster/control/watch_kinds.h"

namespace spoke::cluster {

using net::Task;

namespace {

// Of the resources that the quota names, how much is used, each in the form in which its limit is written.
json::object used_of(Registry& registry, const Object& quota) {
  Usage used;
  const std::string ns(kube::ns(quota));
  for (const auto& type : registry.catalog().all()) {
    if (!type->id.namespaced) continue;
    for (const auto& [key, entry] : registry.store().range(type->prefix(ns))) {
      const Object object = json::parse(*entry.body);
      if (!in_scope(quota, *type, object)) continue;
      for (const auto& [resource, amount] : usage_of(*type, object)) used[resource] = used[resource] + amount;
    }
  }
  json::object out;
  for (const auto& [resource, limit] : json::members(quota, "spec.hard"))
    out[resource] =
        quantity_text(used[std::string(resource)], limit.is_string() ? json::to_string(limit.get_string()) : "");
  return out;
}

Task<> look(Registry& registry, std::string ns) {
  const ResourceType& type = *registry.catalog().find("", "v1", "resourcequotas");
  for (const auto& [key, entry] : registry.store().range(type.prefix(ns))) {
    Object quota = json::parse(*entry.body);
    const json::object status{{"hard", json::members(quota, "spec.hard")}, {"used", used_of(registry, quota)}};
    if (status == json::members(quota, "status")) continue;
    json::set(quota, "status", status);
    WriteOptions options;
    options.subresource = "status";
    options.field_manager = "kube-controller-manager";
    const std::string name(kube::name(quota));
    co_await registry.update(type, ns, name, std::move(quota), std::move(options));
  }
}

}  // namespace

Task<> update_quotas(Registry& registry) {
  // Any kind may be counted; a namespace without a quota costs one empty range.
  std::vector<std::string> prefixes;
  for (const auto& type : registry.catalog().all())
    if (type->id.namespaced && type->storage != "core/events" && type->storage != "coordination.k8s.io/leases")
      prefixes.push_back(type->prefix(""));
  co_await watch_namespaces(registry, std::move(prefixes),
                            [&registry](std::string ns) { return look(registry, std::move(ns)); });
}

}  // namespace spoke::cluster
