// The loops that keep the cluster's objects in order. Each watches, and does one thing; each runs until cancelled.
#pragma once

#include <functional>
#include <string>
#include <vector>

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

// The status of PodDisruptionBudgets and of ResourceQuotas.
net::Task<> update_budgets(Registry& registry);
net::Task<> update_quotas(Registry& registry);

// Deployments, ReplicaSets, StatefulSets and Jobs.
net::Task<> run_workloads(Registry& registry);

// Lets PersistentVolumeClaims that are being deleted go once no pod uses them.
net::Task<> protect_claims(Registry& registry);

// Deletes the objects of CustomResourceDefinitions that are being deleted, then these.
net::Task<> finish_definitions(Registry& registry);

// Forgets Events an hour after they were last seen.
net::Task<> expire_events(Registry& registry);

// PersistentVolumes for claims. Where none suits, one is made below `folder`; with "", none is made.
net::Task<> bind_volumes(Registry& registry, std::string folder);

// All of them, and the scheduler. `volumes` is the folder of those that are made for claims, "" where there is no node
// to mount them.
struct Controller {
  const char* name;
  std::function<net::Task<>()> run;
};
std::vector<Controller> controllers(Registry& registry, std::string ca_pem, std::string volumes);

}  // namespace spoke::cluster
