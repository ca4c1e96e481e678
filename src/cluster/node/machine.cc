#include "cluster/node/machine.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/process.h"
#include "base/strings.h"

namespace spoke::cluster {
namespace {

std::uint64_t own_capabilities() {
  for (const auto& line : split(try_read_file("/proc/self/status").value_or(""), '\n')) {
    if (line.starts_with("CapEff:"))
      return std::stoull(std::string(trim(std::string_view(line).substr(7))), nullptr, 16);
  }
  return ~0ULL;
}

bool swap_is_limited(CgroupLayout cgroups) {
  if (cgroups == CgroupLayout::None) return false;
  if (cgroups != CgroupLayout::V2) return ::access("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", F_OK) == 0;
  // The root group has no such file, our own ("0::/user.slice/...") has.
  const std::string own(trim(try_read_file("/proc/self/cgroup").value_or("")));
  return own.starts_with("0::") && ::access(("/sys/fs/cgroup" + own.substr(3) + "/memory.swap.max").c_str(), F_OK) == 0;
}

// Of the link that the default route goes by: a pod must not send what will not fit through there.
int mtu_of_default_route() {
  for (const auto& line : split(try_read_file("/proc/net/route").value_or(""), '\n')) {
    const auto fields = split(line, '\t');
    if (fields.size() < 8 || fields[1] != "00000000" || fields[7] != "00000000") continue;
    const auto mtu = to_int(trim(try_read_file("/sys/class/net/" + fields[0] + "/mtu").value_or("")));
    if (mtu && *mtu >= 576 && *mtu <= 65535) return static_cast<int>(*mtu);
  }
  return 1500;
}

}  // namespace

CgroupLayout cgroup_layout(std::string_view mounts) {
  bool v1 = false;
  bool v2 = false;
  for (const auto& line : split(mounts, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() < 4 || !fields[1].starts_with("/sys/fs/cgroup")) continue;
    const auto options = split(fields[3], ',');
    v1 = v1 || (fields[2] == "cgroup" && std::ranges::find(options, "memory") != options.end());
    v2 = v2 || fields[2] == "cgroup2";
  }
  if (v1) return v2 ? CgroupLayout::Hybrid : CgroupLayout::V1;
  return v2 ? CgroupLayout::V2 : CgroupLayout::None;
}

std::string choose_runtime(CgroupLayout cgroups, const std::string& crun, const std::string& runc) {
  if (!crun.empty() && cgroups != CgroupLayout::Hybrid) return crun;
  return runc;
}

std::optional<Path> oom_counter(CgroupLayout cgroups, const std::string& path) {
  switch (cgroups) {
    case CgroupLayout::V1:
    case CgroupLayout::Hybrid: return Path("/sys/fs/cgroup/memory" + path + "/memory.oom_control");
    case CgroupLayout::V2: return Path("/sys/fs/cgroup" + path + "/memory.events");
    case CgroupLayout::None: break;
  }
  return std::nullopt;
}

Machine inspect_machine() {
  Machine m;
  m.cgroups = cgroup_layout(try_read_file("/proc/self/mounts").value_or(""));
  const std::string crun = find_program("crun");
  m.runtime = choose_runtime(m.cgroups, crun, find_program("runc"));
  if (m.runtime.empty()) {
    fail("no container runtime: {}; install runc",
         crun.empty() ? "neither runc nor crun is on PATH" : "crun refuses this machine's hybrid cgroups");
  }
  m.swap_control = swap_is_limited(m.cgroups);
  m.capabilities = own_capabilities();
  m.oom_score_adj = static_cast<int>(to_int(trim(try_read_file("/proc/self/oom_score_adj").value_or("0"))).value_or(0));
  struct rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) m.open_files = files.rlim_max;
  m.cpus = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  struct sysinfo info{};
  if (::sysinfo(&info) == 0) m.memory = static_cast<std::int64_t>(info.totalram) * info.mem_unit;
  m.mtu = mtu_of_default_route();
  return m;
}

}  // namespace spoke::cluster
