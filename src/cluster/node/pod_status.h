// A pod's status as the kubelet writes it: phase, conditions, the states of containers. Pure.
#pragma once

#include "cluster/node/pod_machine.h"

namespace spoke::cluster {

// The whole status; `pod` holds the one before, whose conditions keep their times, and those that are not the node's
// stay.
json::value pod_status(const kube::Object& pod, const PodSeen& seen, const std::string& host_ip, Time now);

}  // namespace spoke::cluster
