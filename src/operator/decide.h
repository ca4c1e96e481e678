// What to do next with an application, from what it says, what is seen, and the time. No I/O: operator/controller.h
// reads before and acts after.
//
// docs/application-states.md has all states, and what leads from one to the next (operator/states.h).
//
// An attempt begins in New, PendingRerun or Resuming, and has two steps there: the first writes an id for the attempt
// and the name of its driver into status, the second makes the attempt's objects, whose names and labels come from that
// id. Whoever is interrupted between the two, or within the second, repeats it and finds what is already there: an
// attempt never gets a second driver. Nor does an application: no attempt begins before the API server itself has said
// that the driver of the one before is gone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "operator/application.h"
#include "operator/plan.h"
#include "operator/pods.h"

namespace spoke::op {

struct Event {
  bool warning = false;
  std::string reason;
  std::string message;
  bool operator==(const Event&) const = default;
};

inline Event normal(std::string reason, std::string message) { return {false, std::move(reason), std::move(message)}; }
inline Event warning(std::string reason, std::string message) { return {true, std::move(reason), std::move(message)}; }

struct Removal {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;  // "": whatever has that name, if it is the application's
  bool operator==(const Removal&) const = default;
};

// In the order in which it is carried out.
struct Decision {
  std::vector<Removal> remove;
  std::optional<Plan> take_back;  // what there is of it
  std::optional<Plan> create;     // then created(), held_up() or refused() decides on
  std::optional<Status> status;   // after which the application is looked at again at once
  std::vector<Event> events;
  bool remove_application = false;
  bool ask_api = false;                // the cache knows of no driver: ask for it, and decide again
  std::optional<Duration> look_again;  // without being told of a change
};

struct Settings {
  Duration driver_grace = std::chrono::seconds(10);   // in which a driver pod may be missing after its creation
  Duration patience = std::chrono::minutes(2);        // with what stands in an attempt's way, but is about to go
  Duration account_grace = std::chrono::seconds(10);  // in which a missing service account may still come
  int max_tracked_executors = 1000;                   // in status.executorState, which must fit into etcd
  std::optional<std::int64_t> default_time_to_live;   // s, of applications that say nothing
  PlanOptions plan;
};

// `fresh_id` is a UUID that has not been used; it becomes the submission id where a new attempt begins.
Decision decide(const Application& app, const Observed& seen, Time now, const std::string& fresh_id,
                const Settings& settings = {});

// The driver is there, with all that it needs.
Decision created(const Application& app, const Plan& plan);
// The rest of the plan is there. `ui_address` is the UI Service's cluster IP.
Decision served(const Application& app, const std::string& ui_address);
// The API server will not have the rest: the application goes on without it.
Decision unserved(const Application& app, const std::string& why);
// Something stands in the way that is about to go, or is missing that may be about to come. After `patience` since the
// attempt began, `why` is what the attempt failed of.
Decision held_up(const Application& app, const std::string& why, Time now, Duration patience);
// The API server will not have it.
Decision refused(const Application& app, const std::string& why);

// Whose an object is that stands where one of the plan is to be.
enum class Claim {
  Ours,     // made by this very attempt
  Leaving,  // it is being deleted, or will be, with the owner that it had
  Foreign,
};
Claim claim(const Application& app, const kube::Object& existing);

}  // namespace spoke::op
