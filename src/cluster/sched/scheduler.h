// The scheduler: gives each pod without a node to one, or says why it cannot.
#pragma once

#include "cluster/api/registry.h"
#include "net/task.h"

namespace spoke::cluster {

net::Task<> schedule_pods(Registry& registry);  // until cancelled

}  // namespace spoke::cluster
