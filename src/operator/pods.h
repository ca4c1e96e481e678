// Pods of applications as the operator sees them: a projection small enough for a cache of tens of thousands, and what
// it says about drivers and executors.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kube/meta.h"
#include "operator/application.h"

namespace spoke::op {

// Of the pod only what the functions below read. For client::InformerOptions::project.
kube::Object project_pod(kube::Object pod);

// "namespace/name" of the application by the pod's labels; "" where they name none.
std::string application_of(const kube::Object& pod);
bool is_driver(const kube::Object& pod);
bool is_executor(const kube::Object& pod);

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

ExecutorPod executor_of(const kube::Object& pod);

// What there is of the application's present attempt.
struct Observed {
  std::optional<DriverPod> driver;
  bool asked = false;  // the API itself was asked for the driver, not a cache
  std::vector<ExecutorPod> executors;
};

// Puts the pod where it belongs, if it is of the application's present attempt: a driver must be owned by the
// application itself, not by an earlier one of the same name, and both must carry its submission id.
void see(Observed& seen, const Application& app, const kube::Object& pod);

}  // namespace spoke::op
