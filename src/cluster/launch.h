// The embedded cluster as a process of its own: starting it, stopping it, asking after it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/cluster.h"

namespace spoke::cluster {

struct Running {
  int pid = 0;
  std::uint16_t port = 0;
  std::string since;  // RFC 3339
};

// The one that runs with its data there, if it answers. Waits up to 3 s for one that was killed to be gone.
std::optional<Running> running(const Paths& paths);

// Starts `executable up --foreground ...` detached, and returns when it is ready. Throws Error with what it said where
// it cannot start.
Running launch(const ClusterOptions& options, const std::string& executable);

// The process that launch() started: runs the cluster, tells the launcher through `ready_fd` (-1: nobody).
void run_launched(const ClusterOptions& options, int ready_fd);

// Ends it, its pods and its network; `keep_data` keeps the objects for the next `up`. Whether there was anything to
// stop.
bool stop(const Paths& paths, bool keep_data);

}  // namespace spoke::cluster
