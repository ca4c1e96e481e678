#include "cluster/node/unsupported.h"

#include <fmt/format.h>

#include <algorithm>

namespace spoke::cluster {
namespace {

// Those that belong to a pod's own namespaces; every other one is the machine's (kubelet: SysctlForbidden).
bool own_sysctl(std::string_view name, bool host_network, bool host_ipc) {
  if (name.find("..") != std::string_view::npos) return false;
  if (name.starts_with("net.")) return !host_network;
  constexpr std::string_view ipc[] = {"kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."};
  return !host_ipc && std::ranges::any_of(ipc, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::string of_container(const json::value& container, bool host_network) {
  const auto name = json::str(container, "name");
  for (const auto& port : json::list(container, "ports"))
    if (const auto number = json::num(port, "hostPort"); number > 0 && !host_network)
      return fmt::format("container {} asks for hostPort {}, which this node does not have; use a Service", name,
                         number);
  if (json::str(container, "securityContext.procMount") == "Unmasked")
    return fmt::format("container {} asks for procMount Unmasked, which needs hostUsers: false; leave it out", name);
  return "";
}

std::string of_profiles(const json::value& security, std::string_view whose) {
  for (const char* kind : {"seccompProfile", "appArmorProfile"})
    if (json::str(security, std::string(kind) + ".type") == "Localhost")
      return fmt::format("{} asks for a {} of its own, which this node does not load; use RuntimeDefault", whose, kind);
  return "";
}

}  // namespace

std::string unsupported(const kube::Object& pod) {
  const bool host_network = json::flag(pod, "spec.hostNetwork"), host_ipc = json::flag(pod, "spec.hostIPC");
  if (json::flag(pod, "spec.shareProcessNamespace"))
    return "shareProcessNamespace is not supported by this node; give each container its own processes";
  if (!json::flag(pod, "spec.hostUsers", true)) return "hostUsers: false is not supported by this node; leave it out";
  for (const auto& sysctl : json::list(pod, "spec.securityContext.sysctls"))
    if (const auto name = json::str(sysctl, "name"); !own_sysctl(name, host_network, host_ipc))
      return fmt::format("forbidden sysctl: \"{}\" is the machine's, not the pod's; set it on the machine", name);
  if (const json::value* security = json::find(pod, "spec.securityContext"))
    if (auto why = of_profiles(*security, "the pod"); !why.empty()) return why;
  for (const char* list : {"spec.initContainers", "spec.containers"})
    for (const auto& container : json::list(pod, list)) {
      if (auto why = of_container(container, host_network); !why.empty()) return why;
      if (const json::value* security = json::find(container, "securityContext"))
        if (auto why = of_profiles(*security, fmt::format("container {}", json::str(container, "name"))); !why.empty())
          return why;
    }
  return "";
}

}  // namespace spoke::cluster
