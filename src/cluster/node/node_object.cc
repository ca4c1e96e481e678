#include "cluster/node/node_object.h"

#include <arpa/inet.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/log.h"
#include "base/process.h"
#include "base/strings.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {
namespace {

constexpr const char* kVersion = "v1.34.2";  // whose behaviour this is
constexpr int kPods = 500;                   // the kubelet's 110 is for machines that run something else beside
constexpr auto kRenewal = std::chrono::seconds(10);

#if defined(__aarch64__)
constexpr const char* kArchitecture = "arm64";
#else
constexpr const char* kArchitecture = "amd64";
#endif

// The address by which the machine reaches others: what it would send from. No packet is sent.
std::string own_address() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in far{};
  far.sin_family = AF_INET;
  far.sin_port = htons(9);
  ::inet_pton(AF_INET, "192.0.2.1", &far.sin_addr);
  sockaddr_in own{};
  socklen_t size = sizeof own;
  char text[INET_ADDRSTRLEN] = "";
  if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&far), sizeof far) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0)
    return "";
  return ::inet_ntop(AF_INET, &own.sin_addr, text, sizeof text) != nullptr ? text : "";
}

std::string os_name() {
  for (const auto& line : split(try_read_file("/etc/os-release").value_or(""), '\n')) {
    if (line.starts_with("PRETTY_NAME=")) return replace_all(line.substr(12), "\"", "");
  }
  return "Linux";
}

std::string first_line(const char* path) { return std::string(trim(try_read_file(path).value_or(""))); }

// "runc://1.1.5" of "runc version 1.1.5+ds1\n...".
std::string runtime_version(const std::string& runtime) {
  const auto first = split(run({runtime, "--version"}).output, '\n').front();
  const auto words = split(first, ' ');
  return fmt::format("{}://{}", Path(runtime).filename().string(), words.empty() ? "" : words.back());
}

}  // namespace

NodeInfo read_node_info(const Machine& machine, const Path& data_dir, const std::string& gateway) {
  NodeInfo info;
  info.machine_id = first_line("/etc/machine-id");
  info.boot_id = first_line("/proc/sys/kernel/random/boot_id");
  struct utsname name{};
  ::uname(&name);
  info.kernel = name.release;
  info.hostname = name.nodename;
  info.os_image = os_name();
  info.runtime_version = runtime_version(machine.runtime);
  struct statvfs disk{};
  if (::statvfs(data_dir.c_str(), &disk) == 0)
    info.disk = static_cast<std::int64_t>(disk.f_blocks) * static_cast<std::int64_t>(disk.f_frsize);
  info.host_ip = own_address();
  if (info.host_ip.empty()) info.host_ip = gateway;
  return info;
}

json::value node_object(const std::string& name, const NodeInfo&) {
  const json::object labels{{"kubernetes.io/hostname", name},
                            {"kubernetes.io/os", "linux"},
                            {"kubernetes.io/arch", kArchitecture},
                            {"beta.kubernetes.io/os", "linux"},
                            {"beta.kubernetes.io/arch", kArchitecture}};
  return json::object{{"apiVersion", "v1"},
                      {"kind", "Node"},
                      {"metadata", json::object{{"name", name}, {"labels", labels}}},
                      {"spec", json::object{}}};
}

json::value node_status(const Machine& machine, const NodeInfo& info, const kube::Object& before, Time now) {
  const json::object capacity{{"cpu", std::to_string(machine.cpus)},
                              {"memory", fmt::format("{}Ki", machine.memory / 1024)},
                              {"ephemeral-storage", fmt::format("{}Ki", info.disk / 1024)},
                              {"pods", std::to_string(kPods)}};
  kube::Object scratch = json::object{};
  json::set(scratch, "status.conditions", json::array(json::list(before, "status.conditions")));
  const std::string time = rfc3339(now);
  kube::set_condition(scratch, "MemoryPressure", "False", "KubeletHasSufficientMemory",
                      "kubelet has sufficient memory available", time);
  kube::set_condition(scratch, "DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure",
                      time);
  kube::set_condition(scratch, "PIDPressure", "False", "KubeletHasSufficientPID",
                      "kubelet has sufficient PID available", time);
  kube::set_condition(scratch, "Ready", "True", "KubeletReady", "kubelet is posting ready status", time);
  json::array conditions = json::list(scratch, "status.conditions");
  for (auto& condition : conditions) condition.as_object()["lastHeartbeatTime"] = time;
  const auto address = [](const char* type, const std::string& text) {
    return json::object{{"type", type}, {"address", text}};
  };
  return json::object{
      {"capacity", capacity},
      {"allocatable", capacity},
      {"conditions", std::move(conditions)},
      {"addresses", json::array{address("InternalIP", info.host_ip), address("Hostname", info.hostname)}},
      {"nodeInfo", json::object{{"machineID", info.machine_id},
                                {"systemUUID", info.machine_id},
                                {"bootID", info.boot_id},
                                {"kernelVersion", info.kernel},
                                {"osImage", info.os_image},
                                {"containerRuntimeVersion", info.runtime_version},
                                {"kubeletVersion", kVersion},
                                {"kubeProxyVersion", ""},
                                {"operatingSystem", "linux"},
                                {"architecture", kArchitecture}}}};
}

client::Task<> register_node(client::Api& api, const std::string& name, const Machine& machine, const NodeInfo& info) {
  kube::Object present;
  bool made = true;
  try {
    present = co_await api.create(client::resources::nodes, "", node_object(name, info));
  } catch (const kube::StatusError& e) {
    if (!e.is("AlreadyExists")) throw;
    made = false;
  }
  if (!made) {
    // Labels that others have set stay.
    json::value labels =
        json::object{{"metadata", json::object{{"labels", *json::find(node_object(name, info), "metadata.labels")}}}};
    present = co_await api.patch(client::resources::nodes, "", name, client::PatchType::Merge, std::move(labels), {});
  }
  client::PatchOptions options;
  options.subresource = "status";
  json::value status = json::object{{"status", node_status(machine, info, present, now())}};
  co_await api.patch(client::resources::nodes, "", name, client::PatchType::Merge, std::move(status), options);
}

client::Task<> keep_lease(client::Api& api, const std::string& name) {
  const std::string ns = "kube-node-lease";
  for (;;) {
    std::string problem;
    bool missing = false;
    const json::object spec{
        {"holderIdentity", name}, {"leaseDurationSeconds", 40}, {"renewTime", rfc3339_micro(now())}};
    try {
      co_await api.patch(client::resources::leases, ns, name, client::PatchType::Merge, json::object{{"spec", spec}},
                         {});
    } catch (const kube::StatusError& e) {
      missing = e.is("NotFound");
      if (!missing) problem = e.what();
    } catch (const std::exception& e) {
      if (net::is_cancelled(e)) throw;
      problem = e.what();
    }
    if (missing) {
      try {
        co_await api.create(client::resources::leases, ns,
                            json::object{{"apiVersion", "coordination.k8s.io/v1"},
                                         {"kind", "Lease"},
                                         {"metadata", json::object{{"name", name}, {"namespace", ns}}},
                                         {"spec", spec}});
      } catch (const std::exception& e) {
        if (net::is_cancelled(e)) throw;
        problem = e.what();
      }
    }
    if (!problem.empty()) log::warn("the node's lease could not be renewed", "node", name, "error", problem);
    co_await net::sleep_for(kRenewal);
  }
}

}  // namespace spoke::cluster
