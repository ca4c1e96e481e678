// PodDisruptionBudget and ResourceQuota.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "cluster/api/kinds/common.h"
#include "kube/quantity.h"

namespace spoke::cluster::kinds {
namespace {

const std::vector<std::string> kEvictionPolicies{"AlwaysAllow", "IfHealthyBudget"};
const std::vector<std::string> kScopes{
    "BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating"};

void validate_budget(const Object& o, Causes& causes) {
  if (json::find(o, "spec.minAvailable") != nullptr && json::find(o, "spec.maxUnavailable") != nullptr)
    causes.push_back(
        kube::invalid_value("spec", *json::find(o, "spec"), "minAvailable and maxUnavailable cannot be both set"));
  validate_count_or_percent(o, "spec.minAvailable", 100, causes);
  validate_count_or_percent(o, "spec.maxUnavailable", 100, causes);
  if (const std::string_view policy = json::str(o, "spec.unhealthyPodEvictionPolicy");
      !policy.empty() && !one_of(kEvictionPolicies, policy))
    causes.push_back(kube::not_supported("spec.unhealthyPodEvictionPolicy", policy, kEvictionPolicies));
}

void validate_quota(const Object& o, Causes& causes) {
  for (const auto& [resource, limit] : json::members(o, "spec.hard"))
    if (const auto amount = kube::Quantity::parse(limit.is_string() ? json::to_string(limit.get_string()) : "");
        amount && amount->negative())
      causes.push_back(
          kube::invalid_value("spec.hard[" + std::string(resource) + "]", limit, "must be greater than or equal to 0"));
  const auto& scopes = json::list(o, "spec.scopes");
  for (const auto& scope : scopes)
    if (!one_of(kScopes, json::to_string(scope.as_string())))
      causes.push_back(kube::invalid_value("spec.scopes", scopes, "unsupported scope"));
}

// "pods: 1/2, requests.cpu: 1/1500m": what of a quota is used, of limits or of the rest.
std::string usage_text(const Object& quota, bool limits) {
  std::map<std::string, std::string> parts;
  const auto& used = json::members(quota, "status.used");
  for (const auto& [resource, hard] : json::members(quota, "status.hard")) {
    const std::string name(resource);
    if (name.starts_with("limits.") != limits || !hard.is_string()) continue;
    const std::string so_far = used.contains(resource) ? json::to_string(used.at(resource).as_string()) : "0";
    parts[name] = name + ": " + so_far + "/" + json::to_string(hard.get_string());
  }
  std::vector<std::string> out;
  for (auto& [name, text] : parts) out.push_back(std::move(text));
  return join(out, ", ");
}

}  // namespace

void add_policy(std::vector<ResourceType>& out) {
  ResourceType budget = builtin("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true);
  budget.short_names = {"pdb"};
  budget.has_status = budget.has_generation = true;
  budget.on_create = [](Object& o) {
    json::set(
        o, "status",
        json::object{{"disruptionsAllowed", 0}, {"currentHealthy", 0}, {"desiredHealthy", 0}, {"expectedPods", 0}});
  };
  budget.unconditional_update = false;
  budget.validate = validate_budget;
  budget.columns = {
      {"Min Available", "string", "",
       "An eviction is allowed if at least \"minAvailable\" pods selected by \"selector\" will still be available "
       "after the eviction."},
      {"Max Unavailable", "string", "",
       "An eviction is allowed if at most \"maxUnavailable\" pods selected by \"selector\" are unavailable after the "
       "eviction."},
      {"Allowed Disruptions", "integer", "", "Calculated number of pods that may be disrupted at this time."}};
  budget.cells = [](const Object& o) {
    const auto shown = [&](const char* path) {
      const json::value* v = json::find(o, path);
      return v == nullptr ? std::string("N/A") : v->is_string() ? json::to_string(v->get_string()) : json::dump(*v);
    };
    return json::array{shown("spec.minAvailable"), shown("spec.maxUnavailable"),
                       json::num(o, "status.disruptionsAllowed")};
  };
  out.push_back(std::move(budget));

  ResourceType quota = builtin("", "v1", "resourcequotas", "ResourceQuota", true);
  quota.short_names = {"quota"};
  quota.has_status = quota.returns_deleted = true;
  quota.defaults = [](Object& o) { canonical_quantities(o, "spec.hard"); };
  quota.validate = validate_quota;
  quota.on_create = [](Object& o) { json::set(o, "status", json::object()); };
  quota.columns = {
      {"Request", "string", "", "Request represents a minimum amount of cpu/memory that a container may consume."},
      {"Limit", "string", "",
       "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the "
       "node."}};
  quota.cells = [](const Object& o) { return json::array{usage_text(o, false), usage_text(o, true)}; };
  out.push_back(std::move(quota));
}

}  // namespace spoke::cluster::kinds
