// Events that the cluster's own parts write.
#pragma once

#include <string>

#include "cluster/api/registry.h"
#include "net/task.h"

namespace spoke::cluster {

struct Telling {
  std::string component;  // "default-scheduler"
  std::string reason, message;
  std::string action;
  bool warning = false;
};

// Writes an event about `object`, in its namespace. One that cannot be written is no reason to stop: logged, not
// thrown.
net::Task<> tell(Registry& registry, Object object, Telling telling);

}  // namespace spoke::cluster
