// What `spoke down` does to pods: they outlive the process that runs the node, so that one cannot be asked.
#pragma once

#include "cluster/node/node.h"

namespace spoke::cluster {

// Ends all containers under options.data_dir, and takes their mounts, network namespaces and cgroups away. Blocks.
void remove_all_pods(const NodeOptions& options);

}  // namespace spoke::cluster
