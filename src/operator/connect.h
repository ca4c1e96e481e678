// A SparkConnect: the server's pod, its Service, the executors' template; and what to do next for it, from what it says
// and what is seen. No I/O. As kubeflow's controller, but for these:
// - Spark runs in the foreground as the container's own process, and ends in order on SIGTERM;
// - server.cores and server.memory are what the pod asks for, where its template says nothing;
// - an edit of the spec makes the server anew; what has ended (evicted, its node lost) is made anew;
// - a failure says why in the condition's message.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "kube/meta.h"
#include "operator/decide.h"

namespace spoke::op {

// What a SparkConnect has made of it. The pod is first for the reader only: it is made last.
struct ConnectPlan {
  kube::Object pod, service, config_map;
};

// Throws InvalidApplication.
ConnectPlan plan_connect(const kube::Object& connect);

// What there is of it, as project_connected leaves it.
struct ConnectSeen {
  const kube::Object* pod = nullptr;
  const kube::Object* service = nullptr;
  const kube::Object* config_map = nullptr;
  std::map<std::string, int> executors;  // "running" -> 2
};

struct ConnectDecision {
  std::vector<kube::Object> apply;  // first
  std::optional<kube::Object> create;
  std::optional<Removal> remove;
  std::optional<json::value> status;  // the whole, where it is to be another
  std::vector<Event> events;
  std::optional<Duration> look_again;
};

ConnectDecision decide(const kube::Object& connect, const ConnectSeen& seen, Time now);
// The API server would not have an object of the plan.
ConnectDecision not_made(const kube::Object& connect, const ConnectSeen& seen, const std::string& why, Time now);

// Of pods, Services and ConfigMaps what deciding needs.
kube::Object project_connected(kube::Object object);

}  // namespace spoke::op
