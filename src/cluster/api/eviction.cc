#include "cluster/api/eviction.h"

#include <algorithm>

#include "base/strings.h"
#include "base/time.h"
#include "kube/status.h"

namespace spoke::cluster {

using kube::Object;

namespace {

bool has_ended(const Object& pod) {
  const std::string_view phase = json::str(pod, "status.phase");
  return phase == "Succeeded" || phase == "Failed";
}

bool is_healthy(const Object& pod) { return !kube::deleting(pod) && kube::condition_is_true(pod, "Ready"); }

// "50%" of them, rounded up, or a number as it stands.
std::int64_t scaled(const json::value& value, std::int64_t of) {
  if (!value.is_string()) return value.is_int64() ? value.get_int64() : 0;
  const std::string text = json::to_string(value.get_string());
  const auto percent = to_int(std::string_view(text).substr(0, text.find('%')));
  return percent ? (*percent * of + 99) / 100 : 0;
}

}  // namespace

json::object budget_status(const Object& budget, const std::vector<Object>& pods, std::string_view now) {
  std::int64_t expected = 0, healthy = 0;
  for (const auto& pod : pods) {
    if (has_ended(pod)) continue;
    ++expected;
    healthy += is_healthy(pod) ? 1 : 0;
  }
  std::int64_t desired = 0;
  if (const json::value* most = json::find(budget, "spec.maxUnavailable"))
    desired = std::max<std::int64_t>(0, expected - scaled(*most, expected));
  else if (const json::value* least = json::find(budget, "spec.minAvailable"))
    desired = scaled(*least, expected);
  const std::int64_t allowed = expected == 0 ? 0 : std::max<std::int64_t>(0, healthy - desired);
  const auto generation = json::num(budget, "metadata.generation");

  Object shown = budget;
  json::object status{{"observedGeneration", generation},
                      {"disruptionsAllowed", allowed},
                      {"currentHealthy", healthy},
                      {"desiredHealthy", desired},
                      {"expectedPods", expected}};
  if (const auto& conditions = json::list(budget, "status.conditions"); !conditions.empty())
    status["conditions"] = conditions;
  json::set(shown, "status", std::move(status));
  kube::set_condition(shown, "DisruptionAllowed", allowed > 0 ? "True" : "False",
                      allowed > 0 ? "SufficientPods" : "InsufficientPods", "", now);
  if (json::value* list = json::find(shown, "status.conditions"))
    for (auto& condition : list->get_array())
      if (json::str(condition, "type") == "DisruptionAllowed") json::set(condition, "observedGeneration", generation);
  return json::members(shown, "status");
}

std::vector<Object> pods_of_budget(const Store& store, const Object& budget) {
  std::vector<Object> out;
  const json::value* selector = json::find(budget, "spec.selector");
  if (selector == nullptr) return out;  // policy/v1: no selector, no pods
  const auto matching = kube::LabelSelector::from_object(*selector);
  for (const auto& [key, entry] : store.range("core/pods/" + std::string(kube::ns(budget)) + "/"))
    if (matching.matches(entry.tags->labels)) out.push_back(json::parse(*entry.body));
  return out;
}

void check_eviction(const Store& store, const Object& pod) {
  // What does not run, or goes already, disrupts nothing.
  if (has_ended(pod) || kube::deleting(pod) || json::str(pod, "status.phase") == "Pending") return;
  const kube::Labels labels = kube::labels_of(pod);
  for (const auto& [key, entry] : store.range("policy/poddisruptionbudgets/" + std::string(kube::ns(pod)) + "/")) {
    const Object budget = json::parse(*entry.body);
    const json::value* selector = json::find(budget, "spec.selector");
    if (selector == nullptr || !kube::LabelSelector::from_object(*selector).matches(labels)) continue;
    const json::value status = budget_status(budget, pods_of_budget(store, budget), rfc3339(now()));
    if (!is_healthy(pod) && (json::str(budget, "spec.unhealthyPodEvictionPolicy") == "AlwaysAllow" ||
                             json::num(status, "currentHealthy") >= json::num(status, "desiredHealthy")))
      continue;
    if (json::num(status, "disruptionsAllowed") > 0) continue;
    throw kube::StatusError(
        429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
        json::object{{"causes",
                      json::array{json::object{
                          {"reason", "DisruptionBudget"},
                          {"message", fmt::format("The disruption budget {} needs {} healthy pods and has {} currently",
                                                  kube::name(budget), json::num(status, "desiredHealthy"),
                                                  json::num(status, "currentHealthy"))}}}}});
  }
}

}  // namespace spoke::cluster
