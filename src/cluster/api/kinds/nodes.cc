// Node.
#include <set>

#include "cluster/api/kinds/common.h"
#include "kube/quantity.h"

namespace spoke::cluster::kinds {
namespace {

std::string status_text(const Object& o) {
  const json::value* ready = kube::condition(o, "Ready");
  const std::string_view status = ready != nullptr ? json::str(*ready, "status") : "";
  std::string text = status == "True" ? "Ready" : status == "False" || status == "Unknown" ? "NotReady" : "Unknown";
  if (json::flag(o, "spec.unschedulable")) text += ",SchedulingDisabled";
  return text;
}

std::string address(const Object& o, std::string_view type) {
  for (const auto& a : json::list(o, "status.addresses"))
    if (json::str(a, "type") == type) return std::string(json::str(a, "address"));
  return "<none>";
}

std::string roles(const Object& o) {
  constexpr std::string_view prefix = "node-role.kubernetes.io/";
  std::string out;
  for (const auto& [key, value] : json::members(o, "metadata.labels"))
    if (std::string_view(key).starts_with(prefix))
      out += (out.empty() ? "" : ",") + std::string(std::string_view(key).substr(prefix.size()));
  return out.empty() ? "<none>" : out;
}

void default_node(Object& o) {
  // The older name of the first of several.
  if (const std::string cidr(json::str(o, "spec.podCIDR")); !cidr.empty() && json::list(o, "spec.podCIDRs").empty())
    json::set(o, "spec.podCIDRs", json::array{json::value(cidr)});
  for (const char* path : {"status.capacity", "status.allocatable"}) canonical_quantities(o, path);
  const json::object capacity = json::members(o, "status.capacity");
  if (!capacity.empty() && json::find(o, "status.allocatable") == nullptr) json::set(o, "status.allocatable", capacity);
}

void validate_taints(const Object& o, Causes& causes) {
  static const std::vector<std::string> effects{"NoSchedule", "PreferNoSchedule", "NoExecute"};
  std::set<std::pair<std::string, std::string>> seen;
  size_t i = 0;
  for (const auto& taint : json::list(o, "spec.taints")) {
    const std::string at = "metadata.taints[" + std::to_string(i++) + "]";  // so named, though they stand under spec
    const std::string key(json::str(taint, "key")), effect(json::str(taint, "effect"));
    for (const auto& why : kube::check_qualified_name(key))
      causes.push_back(kube::invalid_value(at + ".key", json::value(key), why));
    for (const auto& why : kube::check_label_value(json::str(taint, "value")))
      causes.push_back(kube::invalid_value(at + ".value", json::value(json::str(taint, "value")), why));
    if (effect.empty())
      causes.push_back(kube::required(at + ".effect", ""));
    else if (!one_of(effects, effect))
      causes.push_back(kube::not_supported(at + ".effect", effect, effects));
    if (!seen.emplace(key, effect).second) {
      kube::Cause cause = kube::duplicate(at, taint);
      cause.message += ": taints must be unique by key and effect pair";
      causes.push_back(std::move(cause));
    }
  }
}

void validate_node(const Object& o, Causes& causes) {
  validate_taints(o, causes);
  for (const char* part : {"capacity", "allocatable"})
    for (const auto& [resource, value] : json::members(o, std::string("status.") + part))
      if (const auto amount = kube::Quantity::parse(value.is_string() ? json::to_string(value.get_string()) : "");
          amount && amount->negative())
        causes.push_back(kube::invalid_value("status." + std::string(part) + "." + std::string(resource), value,
                                             "must be greater than or equal to 0"));
}

// A text, or <unknown> where it is empty or missing.
std::string_view known(const Object& o, std::string_view path) {
  const std::string_view text = json::str(o, path);
  return text.empty() ? "<unknown>" : text;
}

}  // namespace

void add_nodes(std::vector<ResourceType>& out) {
  ResourceType type = builtin("", "v1", "nodes", "Node", false);
  type.short_names = {"no"};
  type.has_status = type.status_on_create = true;
  type.defaults = default_node;
  type.validate = validate_node;
  // An update's taints are checked with the node and again as a change, and both findings told.
  type.validate_update = [](const Object&, const Object& after, Causes& causes) { validate_taints(after, causes); };
  type.fields = [](const Object& o, Fields& fields) {
    fields.emplace_back("spec.unschedulable", json::flag(o, "spec.unschedulable") ? "true" : "false");
  };
  type.field_names = {"spec.unschedulable"};
  type.columns = {{"Status", "string", "", "The status of the node"},
                  {"Roles", "string", "", "The roles of the node"},
                  {"Age", "string", "", ""},
                  {"Version", "string", "", "Kubelet Version reported by the node."},
                  {"Internal-IP", "string", "", "List of addresses reachable to the node.", 1},
                  {"External-IP", "string", "", "List of addresses reachable to the node.", 1},
                  {"OS-Image", "string", "", "OS Image reported by the node from /etc/os-release.", 1},
                  {"Kernel-Version", "string", "", "Kernel Version reported by the node from 'uname -r'.", 1},
                  {"Container-Runtime", "string", "", "ContainerRuntime Version reported by the node.", 1}};
  type.age_column = false;
  type.cells = [](const Object& o) {
    const auto created = parse_rfc3339(json::str(o, "metadata.creationTimestamp"));
    return json::array{status_text(o),
                       roles(o),
                       created ? human_duration(now() - *created) : "<unknown>",
                       json::str(o, "status.nodeInfo.kubeletVersion"),
                       address(o, "InternalIP"),
                       address(o, "ExternalIP"),
                       known(o, "status.nodeInfo.osImage"),
                       known(o, "status.nodeInfo.kernelVersion"),
                       known(o, "status.nodeInfo.containerRuntimeVersion")};
  };
  out.push_back(std::move(type));
}

}  // namespace spoke::cluster::kinds
