// What this machine offers to containers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"

namespace spoke::cluster {

enum class CgroupLayout { None, V1, Hybrid, V2 };  // Hybrid: v1 controllers, and v2 without any beside them

struct Machine {
  std::string runtime;  // path of crun or runc
  CgroupLayout cgroups = CgroupLayout::None;
  bool swap_control = false;           // whether cgroups limit swap
  std::uint64_t capabilities = ~0ULL;  // bit n: this process has capability n, and can pass it on
  int oom_score_adj = 0;               // of this process; a container's may be lower only with CAP_SYS_RESOURCE
  std::uint64_t open_files = 1024;     // the hard limit
  std::int64_t cpus = 1;
  std::int64_t memory = 0;  // bytes
  int mtu = 1500;           // of the way out
};

// Throws Error where there is no runtime that works here.
Machine inspect_machine();

// The mounts are /proc/self/mounts. Only what is mounted at and below /sys/fs/cgroup counts.
CgroupLayout cgroup_layout(std::string_view mounts);

// crun where it works, since it starts in a third of runc's time; it refuses the hybrid layout, which runc takes. Paths
// are
// "" where the program is not there; so is the answer where none fits.
std::string choose_runtime(CgroupLayout cgroups, const std::string& crun, const std::string& runc);

// Where the kernel counts the containers of a cgroup that it killed for want of memory: a file with a line "oom_kill
// N". Nothing where there are no cgroups. `path` is OCI's linux.cgroupsPath.
std::optional<Path> oom_counter(CgroupLayout cgroups, const std::string& path);

}  // namespace spoke::cluster
