// A way into a pod's network from outside, for port-forward.
#pragma once

#include <cstdint>

#include "base/files.h"
#include "cluster/node/pod_dir.h"
#include "net/task.h"

namespace spoke::cluster {

// A connection to 127.0.0.1:port as from within the pod. Throws Error where the pod has no network, or nobody listens.
net::Task<Fd> dial_pod(PodDir dir, bool host_network, std::uint16_t port);

}  // namespace spoke::cluster
