// The loops that keep the cluster's objects in order. Each watches, and does one thing; each runs until cancelled.
#pragma once

#include <string>

#include "cluster/api/registry.h"
#include "net/task.h"

namespace spoke::cluster {

// Deletes what has lost its owners, and waits for dependents where a deletion is in the foreground. Source: the garbage
// collector's absent-owner and foreground rules.
net::Task<> collect_garbage(Registry& registry);

// Empties namespaces that are being deleted, then ends them.
net::Task<> delete_namespaces(Registry& registry);

// A `default` ServiceAccount and the kube-root-ca.crt ConfigMap in every namespace.
net::Task<> furnish_namespaces(Registry& registry, std::string ca_pem);

// Endpoints and EndpointSlices of Services with a selector.
net::Task<> publish_endpoints(Registry& registry);

// Forgets Events an hour after they were last seen.
net::Task<> expire_events(Registry& registry);

}  // namespace spoke::cluster
