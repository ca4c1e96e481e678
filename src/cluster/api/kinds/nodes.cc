// Node.
#include "cluster/api/kinds/common.h"

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

}  // namespace

void add_nodes(std::vector<ResourceType>& out) {
  ResourceType type = builtin("", "v1", "nodes", "Node", false);
  type.short_names = {"no"};
  type.has_status = true;
  type.on_create = [](Object& o) {
    if (json::find(o, "spec") == nullptr) json::set(o, "spec", json::object());
  };
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
    return json::array{status_text(o), roles(o), created ? human_duration(now() - *created) : "<unknown>",
                       json::str(o, "status.nodeInfo.kubeletVersion"), address(o, "InternalIP"), address(o, "ExternalIP"),
                       json::str(o, "status.nodeInfo.osImage", "<unknown>"), json::str(o, "status.nodeInfo.kernelVersion", "<unknown>"),
                       json::str(o, "status.nodeInfo.containerRuntimeVersion", "<unknown>")};
  };
  out.push_back(std::move(type));
}

}  // namespace spoke::cluster::kinds
