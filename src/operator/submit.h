// Making what a plan says: the edge of a submission.
//
// The order is chosen for crashes and for the kubelet. The attempt's id is in status before anything is made, and all
// names come from it, so a repeat meets its own objects and goes on. What the driver pod mounts is made first, owned by
// the application, so that no kubelet finds a pod whose ConfigMap is missing (spark-submit makes the pod first:
// FailedMount events, and a pod without configuration where it dies in between); the UI Service comes along, whose name
// an earlier run may still hold. Then the pod; then the rest, while what is mounted is handed over to the pod, whose
// end it should not outlive. At every moment each object has an owner, so nothing is left over wherever this stops.
#pragma once

#include "client/api.h"
#include "operator/decide.h"

namespace spoke::op {

// Makes the plan, in three round trips (what comes before the pod, the pod, the rest), and decides on what came of it.
// Throws where it is worth trying again: lost connections, timeouts, servers that are busy.
net::Task<Decision> submit(client::Api& api, const Application& app, Plan plan, const Settings& settings);

// Deletes what is still there and still has that uid. What may not be deleted is left to the garbage collector.
net::Task<> remove(client::Api& api, const std::string& ns, const Removal& removal);
// The same, and what has the name of a removal without a uid, if it is the application's.
net::Task<> remove(client::Api& api, const Application& app, std::vector<Removal> removals);

// The removals of all that a plan makes.
std::vector<Removal> removals_of(const Plan& plan);

}  // namespace spoke::op
