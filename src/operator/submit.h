// Making what a plan says: the edge of a submission.
//
// The attempt's id is in status before anything is made, and all names come from it, so a repeat meets its own objects
// and goes on. The pod is first, since its uid owns the rest, and all that it needs follows at once, in parallel: a
// kubelet hears of the pod after a scheduler has. What the driver can do without for a while is another step (serve):
// where many applications wait for their drivers, those come first. Each object has an owner from its
// beginning, so nothing is left over wherever this stops.
#pragma once

#include <optional>

#include "client/api.h"
#include "operator/decide.h"

namespace spoke::op {

// Makes the driver, and what it needs. Answers with nothing, or with what is to be done instead. Throws where it is
// worth trying again: lost connections, timeouts, servers that are busy.
net::Task<std::optional<Decision>> submit(client::Api& api, const Application& app, const Plan& plan,
                                          const Settings& settings);

// Makes what belongs to the application besides: Services and Ingresses before the driver. Decides on what came of it.
net::Task<Decision> serve(client::Api& api, const Application& app, const Plan& plan, const Settings& settings);

// Deletes what is still there and still has that uid. What may not be deleted is left to the garbage collector.
net::Task<> remove(client::Api& api, const std::string& ns, const Removal& removal);
// The same, and what has the name of a removal without a uid, if it is the application's.
net::Task<> remove(client::Api& api, const Application& app, std::vector<Removal> removals);

// An object as it was read.
struct Version {
  std::string ns, name, resource_version;
};
enum class Wrote {
  Yes,
  Nothing,   // the kind does not have what was written
  Conflict,  // somebody else wrote meanwhile
  Gone,
};
struct StatusWrite {
  Wrote outcome;
  kube::Object object;  // as it is then, where there was no conflict and it is not gone
};
// Writes what has changed of its status.
net::Task<StatusWrite> write_status(client::Api& api, const client::Resource& resource, const Version& read,
                                    const json::value& before, const json::value& after);

// Whether the API server may answer otherwise in a while: it is busy, or does not know us yet.
bool is_passing(const kube::StatusError& e);

// The removals of all that a plan makes.
std::vector<Removal> removals_of(const Plan& plan);

}  // namespace spoke::op
