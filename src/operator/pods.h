// Pods of applications as the operator sees them: what it keeps of each is small enough for a cache of tens of
// thousands; and what that says about drivers and executors.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/heap.h"
#include "kube/meta.h"
#include "operator/application.h"

namespace spoke::op {

struct Terminated {
  int exit_code = 0;
  std::string reason;
  bool operator==(const Terminated&) const = default;
};

struct DriverPod {
  std::string name, uid;
  std::string app_id;  // spark.app.id
  std::string phase;   // Pending, Running, Succeeded, Failed, Unknown
  std::string reason, message;
  std::string trouble;  // what holds it up while it is pending (kube/pod_trouble.h)
  std::string node;
  bool disrupted = false;                // the cluster ended it: its condition DisruptionTarget
  std::optional<Time> deleting;          // when it is to be gone
  std::optional<Terminated> terminated;  // the Spark container's end
};

struct ExecutorPod {
  std::string name;
  int id = 0;
  std::string app_id;
  std::string phase;
  std::string message;
  std::string trouble;          // as a driver's
  std::optional<Time> created;  // of one that is pending
  bool deleting = false;
  std::optional<Terminated> terminated;
};

// Of which attempt of which application a pod says that it is, by its labels.
struct AttemptLabels {
  LastingText ns, app_name, submission_id, app_id;
  bool operator==(const AttemptLabels&) const = default;
};

// What is kept of a pod. Of the many, which are executors that run, that is hardly more than their names.
struct Pod {
  enum class Role : unsigned char { Other, Driver, Executor };
  enum class Phase : unsigned char { None, Pending, Running, Succeeded, Failed, Unknown };

  // What only drivers have, and executors that do not run.
  struct More {
    LastingText uid, owner_uid;  // of a driver, and of its controller
    LastingText node;            // of a driver
    LastingText reason, message, trouble;
    bool disrupted = false;
    std::optional<Time> created;   // of an executor that is pending
    std::optional<Time> deletion;  // when a driver is to be gone
    std::optional<Terminated> terminated;
    bool operator==(const More&) const = default;
  };

  std::shared_ptr<const AttemptLabels> of;  // the pods of one attempt share it
  LastingText name;
  std::shared_ptr<const More> more;  // null: nothing of that
  int executor_id = 0;
  Role role = Role::Other;
  Phase phase = Phase::None;
  bool deleting = false;

  std::string key() const { return fmt::format("{}/{}", std::string_view(of->ns), std::string_view(name)); }
  bool operator==(const Pod& other) const;
};

// Reads pods, and has those of one attempt share what they have in common.
class PodReader {
 public:
  Pod read(const kube::Object& pod);

 private:
  std::shared_ptr<const AttemptLabels> shared(AttemptLabels labels);

  LastingMap<std::weak_ptr<const AttemptLabels>> attempts_;  // by submission id
  size_t enough_ = 64;                                       // so many, and those that are gone are looked for
};

// "namespace/name" of the application by the pod's labels; "" where they name none.
std::string application_of(const Pod& pod);

ExecutorPod executor_of(const Pod& pod);

// What there is of the application's present attempt.
struct Observed {
  std::optional<DriverPod> driver;
  bool asked = false;  // the API itself was asked for the driver, not a cache
  std::vector<ExecutorPod> executors;
};

// Puts the pod where it belongs, if it is of the application's present attempt: a driver must be owned by the
// application itself, not by an earlier one of the same name, and both must carry its submission id.
void see(Observed& seen, const Application& app, const Pod& pod);

}  // namespace spoke::op
