#include "cluster/workloads/workload_pods.h"

#include <algorithm>
#include <tuple>

#include "base/strings.h"

namespace spoke::cluster {
namespace {

constexpr const char* kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";

std::optional<Time> ready_since(const Object& pod) {
  const json::value* ready = kube::condition(pod, "Ready");
  return ready != nullptr ? parse_rfc3339(json::str(*ready, "lastTransitionTime")) : std::nullopt;
}

std::int64_t restarts(const Object& pod) {
  std::int64_t most = 0;
  for (const auto& container : json::list(pod, "status.containerStatuses"))
    most = std::max(most, json::num(container, "restartCount"));
  return most;
}

int rank_of_phase(const Object& pod) {
  const std::string_view phase = json::str(pod, "status.phase");
  return phase == "Pending" ? 0 : phase == "Running" ? 2 : 1;
}

}  // namespace

bool has_ended(const Object& pod) {
  const std::string_view phase = json::str(pod, "status.phase");
  return phase == "Succeeded" || phase == "Failed";
}

bool is_active(const Object& pod) { return !has_ended(pod) && !kube::deleting(pod); }

bool is_ready(const Object& pod) { return kube::condition_is_true(pod, "Ready"); }

bool is_available(const Object& pod, std::int64_t min_ready_seconds, Time now, Step& wait) {
  if (!is_ready(pod)) return false;
  if (min_ready_seconds == 0) return true;
  const auto since = ready_since(pod);
  if (!since) return false;
  const Time from = *since + seconds_of(min_ready_seconds);
  if (from <= now) return true;
  wait.look_within(from - now);
  return false;
}

Object pod_from(const Object& owner, const json::value& pod_template) {
  json::object metadata;
  for (const char* member : {"labels", "annotations", "finalizers"})
    if (const json::value* value = json::find(pod_template, std::string("metadata.") + member))
      metadata[member] = *value;
  metadata["namespace"] = kube::ns(owner);
  metadata["ownerReferences"] = json::array{kube::controller_ref(owner)};
  Object pod = json::object{{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", std::move(metadata)}};
  if (const json::value* spec = json::find(pod_template, "spec")) json::set(pod, "spec", *spec);
  return pod;
}

void order_for_deletion(std::vector<const Object*>& pods) {
  const auto rank = [](const Object* pod) {
    const auto since = ready_since(*pod);
    // Later is sooner to go.
    const auto back = [](Time t) { return -t.time_since_epoch().count(); };
    return std::tuple(!json::str(*pod, "spec.nodeName").empty(), rank_of_phase(*pod), is_ready(*pod),
                      to_int(kube::annotation(*pod, kDeletionCost)).value_or(0),
                      is_ready(*pod) && since ? back(*since) : 0, -restarts(*pod),
                      back(parse_rfc3339(json::str(*pod, "metadata.creationTimestamp")).value_or(Time())),
                      kube::name(*pod));
  };
  std::ranges::sort(pods, [&](const Object* a, const Object* b) { return rank(a) < rank(b); });
}

std::int64_t part_of(const json::value* value, std::int64_t all, bool round_up) {
  if (value == nullptr) return 0;
  if (!value->is_string()) return value->is_int64() ? value->get_int64() : 0;
  const std::string_view text = value->get_string();
  const auto percent = to_int(text.substr(0, text.find('%')));
  return percent ? (std::clamp<std::int64_t>(*percent, 0, 1000) * all + (round_up ? 99 : 0)) / 100 : 0;
}

std::string template_hash(const json::value& pod_template, std::int64_t again) {
  constexpr std::string_view kSafe = "bcdfghjklmnpqrstvwxz2456789";
  std::uint32_t hash = 2166136261U;  // FNV-1a
  std::string text = json::dump(json::sorted(pod_template));
  if (again > 0) text += std::to_string(again);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  std::string name = std::to_string(hash);
  for (char& c : name) c = kSafe[static_cast<unsigned char>(c) % kSafe.size()];
  return name;
}

}  // namespace spoke::cluster
