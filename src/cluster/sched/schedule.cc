#include "cluster/sched/schedule.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/strings.h"
#include "kube/selector.h"

namespace spoke::cluster {

using kube::Object;
using kube::Quantity;

namespace {

Quantity quantity(const json::object& map, std::string_view name) {
  const auto it = map.find(name);
  if (it == map.end() || !it->value().is_string()) return {};
  return Quantity::parse(json::to_string(it->value().get_string())).value_or(Quantity());
}

bool tolerates(const Object& pod, const json::value& taint) {
  const auto& tolerations = json::list(pod, "spec.tolerations");
  return std::any_of(tolerations.begin(), tolerations.end(), [&](const json::value& t) {
    const std::string_view effect = json::str(t, "effect"), key = json::str(t, "key"),
                           op = json::str(t, "operator", "Equal");
    if (!effect.empty() && effect != json::str(taint, "effect")) return false;
    if (key.empty()) return op == "Exists";
    if (key != json::str(taint, "key")) return false;
    return op == "Exists" || json::str(t, "value") == json::str(taint, "value");
  });
}

bool number_compare(const kube::Labels& labels, std::string_view key, std::string_view wanted, bool greater) {
  for (const auto& [name, value] : labels)
    if (name == key) {
      const auto a = to_int(value), b = to_int(wanted);
      return a && b && (greater ? *a > *b : *a < *b);
    }
  return false;
}

// One term of a node affinity: all of its expressions.
bool term_matches(const json::value& term, const Object& node) {
  const kube::Labels labels = kube::labels_of(node);
  json::array plain;
  for (const auto& e : json::list(term, "matchExpressions")) {
    const std::string_view op = json::str(e, "operator");
    if (op == "Gt" || op == "Lt") {
      const auto& values = json::list(e, "values");
      if (values.empty() || !values[0].is_string() ||
          !number_compare(labels, json::str(e, "key"), json::to_string(values[0].get_string()), op == "Gt"))
        return false;
    } else {
      plain.push_back(e);
    }
  }
  for (const auto& e : json::list(term, "matchFields")) {
    const auto& values = json::list(e, "values");
    const bool in = std::any_of(values.begin(), values.end(),
                                [&](const json::value& v) { return v == json::value(kube::name(node)); });
    if (json::str(e, "key") != "metadata.name" || in != (json::str(e, "operator") == "In")) return false;
  }
  return kube::LabelSelector::from_object(json::object{{"matchExpressions", std::move(plain)}}).matches(labels);
}

bool affinity_matches(const Object& pod, const Object& node) {
  if (!kube::LabelSelector::from_map(json::members(pod, "spec.nodeSelector")).matches(kube::labels_of(node)))
    return false;
  const auto& terms =
      json::list(pod, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
  return terms.empty() ||
         std::any_of(terms.begin(), terms.end(), [&](const json::value& t) { return term_matches(t, node); });
}

std::set<std::string> host_ports(const Object& pod) {
  std::set<std::string> out;
  for (const auto& c : json::list(pod, "spec.containers"))
    for (const auto& p : json::list(c, "ports"))
      if (json::num(p, "hostPort") != 0)
        out.insert(std::to_string(json::num(p, "hostPort")) + "/" + std::string(json::str(p, "protocol", "TCP")));
  return out;
}

std::set<std::string> resource_names(const Object& pod) {
  std::set<std::string> out{"cpu", "memory"};
  for (const char* list : {"spec.containers", "spec.initContainers"})
    for (const auto& c : json::list(pod, list))
      for (const auto& [name, value] : json::members(c, "resources.requests")) out.insert(std::string(name));
  return out;
}

// Why the pod cannot go there, in the scheduler's words; empty where it can.
std::vector<std::string> obstacles(const Object& pod, const NodeView& view) {
  const Object& node = view.node;
  if (json::flag(node, "spec.unschedulable")) return {"node(s) were unschedulable"};
  for (const auto& taint : json::list(node, "spec.taints")) {
    if (json::str(taint, "effect") == "PreferNoSchedule" || tolerates(pod, taint)) continue;
    return {
        fmt::format("node(s) had untolerated taint {{{}: {}}}", json::str(taint, "key"), json::str(taint, "value"))};
  }
  if (!affinity_matches(pod, node)) return {"node(s) didn't match Pod's node affinity/selector"};
  const auto ports = host_ports(pod);
  for (const Object* other : view.pods)
    for (const auto& port : host_ports(*other))
      if (ports.contains(port)) return {"node(s) didn't have free ports for the requested pod ports"};

  std::vector<std::string> short_of;
  const auto& allocatable = json::members(node, "status.allocatable");
  if (const auto pods = quantity(allocatable, "pods"); static_cast<std::int64_t>(view.pods.size()) + 1 > pods.value())
    short_of.emplace_back("Too many pods");
  for (const auto& name : resource_names(pod)) {
    const Quantity wanted = requested(pod, name);
    if (wanted.zero()) continue;
    Quantity used = wanted;
    for (const Object* other : view.pods) used = used + requested(*other, name);
    if (used > quantity(allocatable, name)) short_of.push_back("Insufficient " + name);
  }
  return short_of;
}

}  // namespace

Quantity requested(const Object& pod, std::string_view resource) {
  Quantity sum, largest, sidecars;
  for (const auto& c : json::list(pod, "spec.containers"))
    sum = sum + quantity(json::members(c, "resources.requests"), resource);
  for (const auto& c : json::list(pod, "spec.initContainers")) {
    const Quantity one = quantity(json::members(c, "resources.requests"), resource);
    if (json::str(c, "restartPolicy") == "Always") {
      sidecars = sidecars + one;  // goes on beside all that follows
      largest = std::max(largest, sidecars);
    } else {
      largest = std::max(largest, one + sidecars);
    }
  }
  return std::max(sum + sidecars, largest) + quantity(json::members(pod, "spec.overhead"), resource);
}

Placement place(const Object& pod, const std::vector<NodeView>& nodes) {
  std::map<std::string, int> reasons;
  bool preemptible = false;
  const NodeView* best = nullptr;
  for (const auto& view : nodes) {
    const auto why = obstacles(pod, view);
    if (why.empty()) {
      if (best == nullptr || view.pods.size() < best->pods.size()) best = &view;
      continue;
    }
    for (const auto& reason : why) {
      ++reasons[reason];
      preemptible = preemptible || reason.starts_with("Insufficient") || reason == "Too many pods";
    }
  }
  if (best != nullptr) return {std::string(kube::name(best->node)), ""};
  if (nodes.empty()) return {"", "no nodes available to schedule pods"};
  std::vector<std::string> lines;
  for (const auto& [reason, count] : reasons) lines.push_back(fmt::format("{} {}", count, reason));
  std::sort(lines.begin(), lines.end());
  return {"", fmt::format("0/{0} nodes are available: {1}. preemption: 0/{0} nodes are available: {0} {2}.",
                          nodes.size(), join(lines, ", "),
                          preemptible ? "No preemption victims found for incoming pod"
                                      : "Preemption is not helpful for scheduling")};
}

}  // namespace spoke::cluster
