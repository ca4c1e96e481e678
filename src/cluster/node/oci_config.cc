#include "cluster/node/oci_config.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "cluster/node/capabilities.h"
#include "cluster/node/resources.h"

namespace spoke::cluster {
namespace {

json::array strings(const std::vector<std::string>& list) {
  json::array out;
  for (const auto& text : list) out.emplace_back(text);
  return out;
}

json::value mount(const char* target, const char* type, const char* source, std::vector<std::string> options) {
  return json::object{{"destination", target}, {"type", type}, {"source", source}, {"options", strings(options)}};
}

json::value bind(const Path& source, const Path& target, bool read_only, const std::string& propagation) {
  return json::object{{"destination", target.string()},
                      {"type", "bind"},
                      {"source", source.string()},
                      {"options", strings({"rbind", propagation, read_only ? "ro" : "rw"})}};
}

json::array mounts(const Bundle& b, bool is_privileged) {
  json::array out;
  out.push_back(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  out.push_back(mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
  out.push_back(mount("/dev/pts", "devpts", "devpts",
                      {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
  out.push_back(mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  out.push_back(mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}));
  const std::string mode = is_privileged ? "rw" : "ro";
  out.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", mode}));
  // The JVM reads its own memory limit and processors here.
  if (b.machine.cgroups != CgroupLayout::None)
    out.push_back(mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", mode}));
  for (const auto& part : b.image.binds) out.push_back(bind(part.source, part.target, part.read_only, "rprivate"));
  // What is mounted deeper comes later, so that it is not covered.
  std::multimap<std::ptrdiff_t, const ContainerMount*> by_depth;
  for (const auto& m : b.mounts) by_depth.emplace(std::ranges::count(m.target.lexically_normal().string(), '/'), &m);
  for (const auto& [depth, m] : by_depth) out.push_back(bind(m->source, m->target, m->read_only, m->propagation));
  return out;
}

// What the rest of the machine sees of mounts made inside: nothing, unless a volume asks for it.
std::string root_propagation(const Bundle& b) {
  const auto has = [&](const char* kind) {
    return std::ranges::find(b.mounts, kind, &ContainerMount::propagation) != b.mounts.end();
  };
  return has("rshared") ? "rshared" : has("rslave") ? "rslave" : "rprivate";
}

json::array namespaces(const Bundle& b) {
  json::array out;
  const auto add = [&](const char* type, const Path& path) {
    json::object entry{{"type", type}};
    if (!path.empty()) entry["path"] = path.string();
    out.push_back(std::move(entry));
  };
  add("mount", {});
  if (!json::flag(b.pod, "spec.hostPID")) add("pid", {});
  if (!b.net.empty()) add("network", b.net);
  if (!b.ipc.empty()) add("ipc", b.ipc);
  if (!b.uts.empty()) add("uts", b.uts);
  if (b.machine.cgroups == CgroupLayout::V2) add("cgroup", {});
  return out;
}

json::object resources(const Bundle& b, bool is_privileged) {
  const auto r = container_resources(b.container);
  json::object cpu;
  // Sources: MilliCPUToShares, MilliCPUToQuota of the kubelet.
  cpu["shares"] = std::clamp<std::int64_t>(r.cpu_request.value_or(0) * 1024 / 1000, 2, 262144);
  if (r.cpu_limit.value_or(0) > 0) {
    cpu["period"] = 100000;
    cpu["quota"] = std::max<std::int64_t>(*r.cpu_limit * 100, 1000);
  }
  json::object out{{"cpu", cpu}};
  if (r.memory_limit.value_or(0) > 0) {
    json::object memory{{"limit", *r.memory_limit}};
    if (b.machine.swap_control) memory["swap"] = *r.memory_limit;  // memory and swap together: no swap
    out["memory"] = memory;
  }
  // A container is killed whole, as with the kubelet since 1.28: half of it is of no use.
  if (b.machine.cgroups == CgroupLayout::V2) out["unified"] = json::object{{"memory.oom.group", "1"}};
  out["devices"] = json::array{json::object{{"allow", is_privileged}, {"access", "rwm"}}};
  return out;
}

json::value process(const Bundle& b, bool is_privileged) {
  Env env{{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"HOSTNAME", b.hostname}};
  for (const auto& entry : b.image.config.env)
    env[entry.substr(0, entry.find('='))] = entry.substr(entry.find('=') + 1);
  for (const auto& [name, text] : b.env) env[name] = text;
  json::array variables;
  for (const auto& [name, text] : env) variables.emplace_back(name + "=" + text);

  static const json::value none;
  const auto* add = json::find(b.container, "securityContext.capabilities.add");
  const auto* drop = json::find(b.container, "securityContext.capabilities.drop");
  const json::array capabilities = strings(container_capabilities(
      add != nullptr ? *add : none, drop != nullptr ? *drop : none, is_privileged, b.machine.capabilities));
  json::object user{{"uid", b.user.uid}, {"gid", b.user.gid}};
  json::array groups;
  for (const Id id : b.user.groups) groups.emplace_back(id);
  if (!groups.empty()) user["additionalGids"] = groups;

  std::string cwd(json::str(b.container, "workingDir", b.image.config.working_dir));
  if (cwd.empty()) cwd = "/";
  int oom = oom_score_adj(b.pod, b.container, b.machine.memory);
  constexpr int kSysResource = 24;
  if ((b.machine.capabilities >> kSysResource & 1) == 0) oom = std::max(oom, b.machine.oom_score_adj);
  // JVMs and shuffles open many files; a shell's soft limit of 1024 is not theirs. Beyond a million, programs that walk
  // all descriptors take minutes.
  const auto files = std::min<std::uint64_t>(b.machine.open_files, 1048576);
  return json::object{
      {"terminal", false},
      {"user", user},
      {"args", strings(b.args)},
      {"env", variables},
      {"cwd", cwd},
      {"capabilities",
       json::object{{"bounding", capabilities}, {"effective", capabilities}, {"permitted", capabilities}}},
      {"rlimits", json::array{json::object{{"type", "RLIMIT_NOFILE"}, {"soft", files}, {"hard", files}}}},
      {"noNewPrivileges", !json::flag(b.container, "securityContext.allowPrivilegeEscalation", true)},
      {"oomScoreAdj", oom}};
}

json::array devices(const std::vector<Device>& list) {
  json::array out;
  for (const auto& d : list) {
    out.push_back(json::object{{"path", d.path},
                               {"type", std::string(1, d.type)},
                               {"major", d.major},
                               {"minor", d.minor},
                               {"fileMode", d.mode},
                               {"uid", d.uid},
                               {"gid", d.gid}});
  }
  return out;
}

}  // namespace

const json::value* security(const kube::Object& pod, const json::value& container, std::string_view name) {
  for (const auto* context : {json::find(container, "securityContext"), json::find(pod, "spec.securityContext")}) {
    if (context == nullptr) continue;
    const auto* v = json::find_member(*context, name);
    if (v != nullptr && !v->is_null()) return v;
  }
  return nullptr;
}

bool privileged(const json::value& container) { return json::flag(container, "securityContext.privileged"); }

json::value oci_config(const Bundle& b) {
  const bool is_privileged = privileged(b.container);
  json::object linux{{"namespaces", namespaces(b)},
                     {"resources", resources(b, is_privileged)},
                     {"rootfsPropagation", root_propagation(b)}};
  if (b.machine.cgroups != CgroupLayout::None) linux["cgroupsPath"] = b.cgroup;
  const bool unmasked = json::str(b.container, "securityContext.procMount") == "Unmasked";
  if (!is_privileged && !unmasked) {
    linux["maskedPaths"] = strings({"/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys",
                                    "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                                    "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"});
    linux["readonlyPaths"] = strings({"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"});
  }
  if (is_privileged) linux["devices"] = devices(b.machine_devices);
  const bool read_only = json::flag(b.container, "securityContext.readOnlyRootFilesystem");
  return json::object{{"ociVersion", "1.0.2"},
                      {"process", process(b, is_privileged)},
                      {"root", json::object{{"path", b.rootfs.string()}, {"readonly", read_only}}},
                      {"mounts", mounts(b, is_privileged)},
                      {"linux", linux}};
}

User container_user(const kube::Object& pod, const json::value& container, const std::string& image_user,
                    std::string_view passwd, std::string_view group) {
  const auto* run_as = security(pod, container, "runAsUser");
  const auto* as_group = security(pod, container, "runAsGroup");
  const auto* non_root = security(pod, container, "runAsNonRoot");
  const auto who = [&] {
    return fmt::format("(pod: \"{}_{}({})\", container: {})", kube::name(pod), kube::ns(pod), kube::uid(pod),
                       json::str(container, "name"));
  };
  const std::string spec = run_as != nullptr ? std::to_string(run_as->to_number<std::int64_t>()) : image_user;
  if (non_root != nullptr && non_root->is_bool() && non_root->get_bool()) {
    if (run_as == nullptr && !numeric_user(spec))
      throw ConfigError(fmt::format(
          "container has runAsNonRoot and image has non-numeric user ({}), cannot verify user is non-root {}",
          spec.substr(0, spec.find(':')), who()));
    if (numeric_user(spec) == Id{0})
      throw ConfigError((run_as != nullptr ? "container's runAsUser breaks non-root policy "
                                           : "container has runAsNonRoot and image will run as root ") +
                        who());
  }
  User user;
  try {
    user = find_user(spec, passwd, group);
  } catch (const Error& e) {
    throw ConfigError(e.what());
  }
  if (as_group != nullptr) user.gid = static_cast<Id>(as_group->to_number<std::int64_t>());
  if (json::str(pod, "spec.securityContext.supplementalGroupsPolicy") == "Strict") user.groups.clear();
  for (const auto& id : json::list(pod, "spec.securityContext.supplementalGroups"))
    user.groups.push_back(static_cast<Id>(id.to_number<std::int64_t>()));
  if (const auto* id = json::find(pod, "spec.securityContext.fsGroup"); id != nullptr && id->is_number())
    user.groups.push_back(static_cast<Id>(id->to_number<std::int64_t>()));
  std::ranges::sort(user.groups);
  const auto [first, last] = std::ranges::unique(user.groups);
  user.groups.erase(first, last);
  return user;
}

}  // namespace spoke::cluster
