#include "cluster/api/quota.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "cluster/api/kinds/common.h"

namespace spoke::cluster {
namespace {

using kube::Quantity;

constexpr std::string_view kCompute[] = {"cpu", "memory", "ephemeral-storage"};

Quantity quantity(const json::value* v) {
  if (v == nullptr) return {};
  return Quantity::parse(v->is_string() ? json::to_string(v->get_string()) : json::dump(*v)).value_or(Quantity());
}

// Init containers run one after another and before the others: the largest of them counts where it is more.
Quantity of_pod(const Object& pod, const std::string& part, std::string_view resource) {
  const auto of = [&](const json::value& c) {
    return quantity(json::find_member(json::members(c, "resources." + part), resource));
  };
  Quantity sum, largest;
  for (const auto& c : json::list(pod, "spec.containers")) sum = sum + of(c);
  for (const auto& c : json::list(pod, "spec.initContainers"))
    if (of(c) > largest) largest = of(c);
  return sum > largest ? sum : largest;
}

bool has_ended(const Object& pod) {
  const std::string_view phase = json::str(pod, "status.phase");
  return phase == "Succeeded" || phase == "Failed";
}

void add_pod(const Object& pod, Usage& usage) {
  usage["pods"] = Quantity::of(1);
  for (const std::string resource : {"cpu", "memory", "ephemeral-storage"}) {
    usage["limits." + resource] = of_pod(pod, "limits", resource);
    usage[resource] = usage["requests." + resource] = of_pod(pod, "requests", resource);
  }
}

void add_service(const Object& service, Usage& usage) {
  const std::string_view type = json::str(service, "spec.type");
  if (type == "LoadBalancer") usage["services.loadbalancers"] = Quantity::of(1);
  std::int64_t ports = 0;
  for (const auto& port : json::list(service, "spec.ports"))
    ports += type == "NodePort" || json::num(port, "nodePort") != 0 ? 1 : 0;
  if (type == "NodePort" || type == "LoadBalancer") usage["services.nodeports"] = Quantity::of(ports);
}

// Containers that do not say what they ask for, where a quota counts it.
std::string unsaid(const Object& quota, const Object& pod) {
  std::vector<std::string> missing;
  const auto names = [&](const std::string& resource, const std::string& part, std::string_view of) {
    std::vector<std::string> out;
    for (const char* list : {"spec.initContainers", "spec.containers"})
      for (const auto& c : json::list(pod, list))
        if (!json::members(c, "resources." + part).contains(of)) out.emplace_back(json::str(c, "name"));
    if (!out.empty()) missing.push_back(resource + " for: " + join(out, ","));
  };
  for (const auto& [key, value] : json::members(quota, "spec.hard")) {
    const std::string resource(key);
    for (const auto of : kCompute) {
      if (of == "ephemeral-storage") continue;  // not asked for, as the kubelet limits it anyway
      if (resource == of || resource == "requests." + std::string(of)) names(resource, "requests", of);
      if (resource == "limits." + std::string(of)) names(resource, "limits", of);
    }
  }
  return missing.empty() ? "" : "must specify " + join(missing, "; ");
}

}  // namespace

Usage usage_of(const ResourceType& type, const Object& object) {
  Usage usage;
  const bool ended_pod = type.storage == "core/pods" && has_ended(object);
  usage["count/" + type.id.plural + (type.id.group.empty() ? "" : "." + type.id.group)] = Quantity::of(1);
  if (ended_pod || !type.id.group.empty()) return usage;
  usage[type.id.plural] = Quantity::of(1);
  if (type.storage == "core/pods") add_pod(object, usage);
  if (type.storage == "core/services") add_service(object, usage);
  if (type.storage == "core/persistentvolumeclaims")
    usage["requests.storage"] = quantity(json::find(object, "spec.resources.requests.storage"));
  return usage;
}

bool in_scope(const Object& quota, const ResourceType& type, const Object& object) {
  const auto& scopes = json::list(quota, "spec.scopes");
  if (scopes.empty()) return true;
  if (type.storage != "core/pods") return false;
  const json::value* spec = json::find(object, "spec");
  const bool best_effort = spec == nullptr || kinds::qos_class(*spec) == "BestEffort";
  const bool terminating = json::find(object, "spec.activeDeadlineSeconds") != nullptr;
  for (const auto& scope : scopes) {
    if (scope == json::value("BestEffort") && !best_effort) return false;
    if (scope == json::value("NotBestEffort") && best_effort) return false;
    if (scope == json::value("Terminating") && !terminating) return false;
    if (scope == json::value("NotTerminating") && terminating) return false;
  }
  return true;
}

std::string quota_refusal(const Object& quota, const Usage& used, const ResourceType& type, const Object& object) {
  if (!in_scope(quota, type, object)) return "";
  if (type.storage == "core/pods")
    if (const std::string missing = unsaid(quota, object); !missing.empty())
      return fmt::format("failed quota: {}: {}", kube::name(quota), missing);
  std::vector<std::string> requested, have, limited;
  const Usage more = usage_of(type, object);
  const json::object& hard = json::members(quota, "spec.hard");
  std::map<std::string, std::string> limits;  // in order of names, as they are told
  for (const auto& [resource, value] : hard)
    if (value.is_string()) limits[std::string(resource)] = json::to_string(value.get_string());
  for (const auto& [resource, limit] : limits) {
    const auto it = more.find(resource);
    if (it == more.end() || it->second.zero()) continue;
    const auto had = used.find(resource);
    const Quantity now = had == used.end() ? Quantity() : had->second;
    if (!(now + it->second > Quantity::parse(limit).value_or(Quantity()))) continue;
    requested.push_back(resource + "=" + quantity_text(it->second, limit));
    have.push_back(resource + "=" + quantity_text(now, limit));
    limited.push_back(resource + "=" + limit);
  }
  if (requested.empty()) return "";
  return fmt::format("exceeded quota: {}, requested: {}, used: {}, limited: {}", kube::name(quota),
                     join(requested, ","), join(have, ","), join(limited, ","));
}

std::string quantity_text(const Quantity& q, std::string_view like) {
  const std::string text = Quantity::of(q.value()) == q ? std::to_string(q.value()) : std::to_string(q.milli()) + "m";
  if (like.ends_with('i') && q.value() % 1024 == 0 && !q.zero())
    return *Quantity::canonical(std::to_string(q.value() / 1024) + "Ki");
  return Quantity::canonical(text).value_or(text);
}

}  // namespace spoke::cluster
