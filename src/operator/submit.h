// Making what a plan says: the edge of a submission.
//
// The order is chosen for crashes and for the kubelet. The attempt's id is in status before anything is made, and all
// names come from it, so a repeat meets its own objects and goes on. What the driver pod mounts is made first, owned by
// the application, so that no kubelet finds a pod whose ConfigMap is missing (spark-submit makes the pod first:
// FailedMount events, and a pod without configuration where it dies in between). Then the pod, and the Service by which
// its executors find it. All else the driver can do without for a while: where many applications wait for their drivers,
// those come first (submit_rest). At every moment each object has an owner, so nothing is left over wherever this stops.
#pragma once

#include <variant>

#include "client/api.h"
#include "operator/decide.h"

namespace spoke::op {

// Makes the driver, and what it needs to start: answers with its pod's uid, or with what came instead. Throws where it
// is worth trying again: lost connections, timeouts, servers that are busy.
net::Task<std::variant<std::string, Decision>> submit(client::Api& api, const Application& app, const Plan& plan,
                                                      const Settings& settings);

// Makes the rest, and hands what is mounted over to the pod, whose end it should not outlive. Decides on what came of it.
net::Task<Decision> submit_rest(client::Api& api, const Application& app, const Plan& plan, const std::string& pod_uid,
                                const Settings& settings);

// Deletes what is still there and still has that uid. What may not be deleted is left to the garbage collector.
net::Task<> remove(client::Api& api, const std::string& ns, const Removal& removal);
// The same, and what has the name of a removal without a uid, if it is the application's.
net::Task<> remove(client::Api& api, const Application& app, std::vector<Removal> removals);

// The removals of all that a plan makes.
std::vector<Removal> removals_of(const Plan& plan);

}  // namespace spoke::op
