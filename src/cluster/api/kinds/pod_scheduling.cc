#include "cluster/api/kinds/pod_parts.h"

namespace spoke::cluster::kinds {
namespace {

const std::vector<std::string> kOperators{"Equal", "Exists"};
const std::vector<std::string> kEffects{"NoSchedule", "PreferNoSchedule", "NoExecute"};
const std::vector<std::string> kUnsatisfiable{"DoNotSchedule", "ScheduleAnyway"};
constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

void validate_toleration(const json::value& t, const std::string& at, Causes& causes) {
  const std::string_view key = json::str(t, "key"), op = json::str(t, "operator"), value = json::str(t, "value"),
                         effect = json::str(t, "effect");
  if (!key.empty())
    for (const auto& why : kube::check_qualified_name(key))
      causes.push_back(kube::invalid_value(at + ".key", json::value(key), why));
  if (key.empty() && op != "Exists")
    causes.push_back(kube::invalid_value(
        at + ".operator", json::value(op),
        "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
  if (json::find(t, "tolerationSeconds") != nullptr && effect != "NoExecute")
    causes.push_back(kube::invalid_value(at + ".effect", json::value(effect),
                                         "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  if (op.empty() || op == "Equal") {
    for (const auto& why : kube::check_label_value(value))
      causes.push_back(kube::invalid_value(at + ".operator", json::value(value), why));
  } else if (op == "Exists") {
    if (!value.empty())
      causes.push_back(
          kube::invalid_value(at + ".operator", json::value(value), "value must be empty when `operator` is 'Exists'"));
  } else {
    causes.push_back(kube::not_supported(at + ".operator", op, kOperators));
  }
  if (!effect.empty() && !one_of(kEffects, effect))
    causes.push_back(kube::not_supported(at + ".effect", effect, kEffects));
}

void validate_weight(const json::value& preferred, const std::string& at, Causes& causes) {
  if (const auto weight = json::num(preferred, "weight"); weight < 1 || weight > 100)
    causes.push_back(kube::invalid_value(at + ".weight", json::value(weight), "must be in the range 1-100"));
}

void validate_pod_term(const json::value& term, const std::string& at, Causes& causes) {
  const std::string_view key = json::str(term, "topologyKey");
  if (key.empty()) causes.push_back(kube::required(at + ".topologyKey", "can not be empty"));
  for (const auto& why : kube::check_qualified_name(key))
    causes.push_back(kube::invalid_value(at + ".topologyKey", json::value(key), why));
}

void validate_affinity(const json::value& spec, const std::string& at, Causes& causes) {
  const std::string node = at + ".affinity.nodeAffinity.";
  if (const json::value* required = json::find(spec, std::string("affinity.nodeAffinity.") + kRequired);
      required != nullptr && json::list(*required, "nodeSelectorTerms").empty())
    causes.push_back(
        kube::required(node + kRequired + ".nodeSelectorTerms", "must have at least one node selector term"));
  size_t i = 0;
  for (const auto& p : json::list(spec, std::string("affinity.nodeAffinity.") + kPreferred))
    validate_weight(p, node + kPreferred + "[" + std::to_string(i++) + "]", causes);
  for (const std::string kind : {"podAffinity", "podAntiAffinity"}) {
    i = 0;
    for (const auto& term : json::list(spec, "affinity." + kind + "." + kRequired))
      validate_pod_term(term, at + ".affinity." + kind + "." + kRequired + "[" + std::to_string(i++) + "]", causes);
    i = 0;
    for (const auto& p : json::list(spec, "affinity." + kind + "." + kPreferred)) {
      const std::string field = at + ".affinity." + kind + "." + kPreferred + "[" + std::to_string(i++) + "]";
      validate_weight(p, field, causes);
      static const json::value none = json::object();
      const json::value* term = json::find(p, "podAffinityTerm");
      validate_pod_term(term != nullptr ? *term : none, field + ".podAffinityTerm", causes);
    }
  }
}

}  // namespace

void validate_scheduling(const json::value& spec, const std::string& at, Causes& causes) {
  for (const auto& [key, value] : json::members(spec, "nodeSelector"))
    for (const auto& why : kube::check_qualified_name(key))
      causes.push_back(kube::invalid_value(at + ".nodeSelector", json::value(key), why));
  size_t i = 0;
  for (const auto& t : json::list(spec, "tolerations"))
    validate_toleration(t, at + ".tolerations[" + std::to_string(i++) + "]", causes);
  validate_affinity(spec, at, causes);
  i = 0;
  for (const auto& c : json::list(spec, "topologySpreadConstraints")) {
    const std::string field = at + ".topologySpreadConstraints[" + std::to_string(i++) + "]";
    if (const auto skew = json::num(c, "maxSkew"); skew <= 0)
      causes.push_back(kube::invalid_value(field + ".maxSkew", json::value(skew), "must be greater than zero"));
    if (json::str(c, "topologyKey").empty())
      causes.push_back(kube::required(field + ".topologyKey", "can not be empty"));
    if (const std::string_view when = json::str(c, "whenUnsatisfiable"); !one_of(kUnsatisfiable, when))
      causes.push_back(kube::not_supported(field + ".whenUnsatisfiable", when, kUnsatisfiable));
  }
  const auto& gates = json::list(spec, "schedulingGates");
  i = 0;
  for (const auto& gate : gates) {
    const std::string field = at + ".schedulingGates[" + std::to_string(i++) + "]";
    const std::string_view name = json::str(gate, "name");
    if (name.empty())
      causes.push_back(kube::required(field, "must not be empty"));
    else
      for (const auto& why : kube::check_qualified_name(name))
        causes.push_back(kube::invalid_value(field, json::value(name), why));
  }
  if (!gates.empty() && !json::str(spec, "nodeName").empty())
    causes.push_back(
        kube::forbidden_field(at + ".nodeName", "cannot be set until all schedulingGates have been cleared"));
}

}  // namespace spoke::cluster::kinds
