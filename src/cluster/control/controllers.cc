#include "cluster/control/controllers.h"

#include "cluster/sched/scheduler.h"

namespace spoke::cluster {

std::vector<Controller> controllers(Registry& registry, std::string ca_pem, std::string volumes) {
  return {{"garbage collection", [&registry] { return collect_garbage(registry); }},
          {"namespaces", [&registry] { return delete_namespaces(registry); }},
          {"namespace furniture", [&registry, ca_pem] { return furnish_namespaces(registry, ca_pem); }},
          {"endpoints", [&registry] { return publish_endpoints(registry); }},
          {"disruption budgets", [&registry] { return update_budgets(registry); }},
          {"quotas", [&registry] { return update_quotas(registry); }},
          {"workloads", [&registry] { return run_workloads(registry); }},
          {"volumes", [&registry, volumes] { return bind_volumes(registry, volumes); }},
          {"claim protection", [&registry] { return protect_claims(registry); }},
          {"definitions", [&registry] { return finish_definitions(registry); }},
          {"event expiry", [&registry] { return expire_events(registry); }},
          {"scheduler", [&registry] { return schedule_pods(registry); }}};
}

}  // namespace spoke::cluster
