// The status of PodDisruptionBudgets.
#include "base/time.h"
#include "cluster/api/eviction.h"
#include "cluster/control/controllers.h"
#include "cluster/control/watch_kinds.h"

namespace spoke::cluster {

using net::Task;

namespace {

Task<> look(Registry& registry, std::string ns) {
  const ResourceType& type = *registry.catalog().find("policy", "v1", "poddisruptionbudgets");
  for (const auto& [key, entry] : registry.store().range(type.prefix(ns))) {
    Object budget = json::parse(*entry.body);
    json::object status = budget_status(budget, pods_of_budget(registry.store(), budget), rfc3339(now()));
    if (status == json::members(budget, "status")) continue;
    json::set(budget, "status", std::move(status));
    WriteOptions options;
    options.subresource = "status";
    options.field_manager = "kube-controller-manager";
    co_await registry.update(type, ns, std::string(kube::name(budget)), budget, std::move(options));
  }
}

}  // namespace

Task<> update_budgets(Registry& registry) {
  co_await watch_namespaces(registry, {"policy/poddisruptionbudgets/", "core/pods/"},
                            [&registry](std::string ns) { return look(registry, std::move(ns)); });
}

}  // namespace spoke::cluster
