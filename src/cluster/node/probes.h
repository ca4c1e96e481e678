// Asking a container how it does: by running a program in it, by HTTP, by opening a connection.
// Source: Kubernetes documentation, "Configure Liveness, Readiness and Startup Probes".
#pragma once

#include <optional>
#include <string>

#include "cluster/node/container_files.h"
#include "kube/meta.h"
#include "net/task.h"

namespace spoke::cluster {

struct ProbeTimes {
  std::chrono::seconds initial_delay{0}, period{10}, timeout{1};
  int success_threshold = 1, failure_threshold = 3;
};
ProbeTimes probe_times(const json::value& probe);

// Counts results; a change of mind takes as many in a row as the threshold says.
class ProbeVerdict {
 public:
  explicit ProbeVerdict(const ProbeTimes& times) : times_(times) {}
  // The verdict after one more result; nothing while there is none, or it is as before.
  std::optional<bool> count(bool success);

 private:
  ProbeTimes times_;
  std::optional<bool> verdict_;
  bool last_ = false;
  int row_ = 0;
};

// Whom to ask.
struct ProbeTarget {
  ContainerRecord record;
  const json::value& container;  // its specification, for named ports
  std::string pod_ip;
};

struct ProbeResult {
  bool success = false;
  std::string message;  // what was said, for the event
};

// `handler` has exec, httpGet, tcpSocket, grpc or sleep: a probe, or a hook of a container's lifecycle. Never throws
// but when cancelled.
net::Task<ProbeResult> ask(const json::value& handler, ProbeTarget target, std::chrono::milliseconds timeout);

}  // namespace spoke::cluster
