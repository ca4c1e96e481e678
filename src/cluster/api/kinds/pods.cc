// Pod.
#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {
namespace {

// kubectl's STATUS column: the phase, unless a container or the pod's end says more.
std::string status_text(const Object& o) {
  std::string text(json::str(o, "status.reason", json::str(o, "status.phase")));
  const auto& inits = json::list(o, "status.initContainerStatuses");
  bool initializing = false;
  size_t i = 0;
  for (const auto& s : inits) {
    const size_t at = i++;
    if (json::find(s, "state.terminated") != nullptr && json::num(s, "state.terminated.exitCode") == 0) continue;
    if (json::flag(s, "started") && json::find(s, "state.running") != nullptr) continue;
    if (const json::value* ended = json::find(s, "state.terminated")) {
      const std::string_view reason = json::str(*ended, "reason");
      text = reason.empty() ? "Init:ExitCode:" + std::to_string(json::num(*ended, "exitCode"))
                            : "Init:" + std::string(reason);
    } else if (const std::string_view reason = json::str(s, "state.waiting.reason");
               !reason.empty() && reason != "PodInitializing") {
      text = "Init:" + std::string(reason);
    } else {
      text = "Init:" + std::to_string(at) + "/" + std::to_string(json::list(o, "spec.initContainers").size());
    }
    initializing = true;
    break;
  }
  if (!initializing || kube::condition_is_true(o, "Initialized")) {
    bool running = false;
    const auto& statuses = json::list(o, "status.containerStatuses");
    for (auto it = statuses.rbegin(); it != statuses.rend(); ++it) {
      const std::string_view waiting = json::str(*it, "state.waiting.reason");
      const json::value* ended = json::find(*it, "state.terminated");
      if (!waiting.empty()) {
        text = waiting;
      } else if (ended != nullptr && !json::str(*ended, "reason").empty()) {
        text = json::str(*ended, "reason");
      } else if (ended != nullptr) {
        const auto signal = json::num(*ended, "signal");
        text = signal != 0 ? "Signal:" + std::to_string(signal)
                           : "ExitCode:" + std::to_string(json::num(*ended, "exitCode"));
      } else if (json::flag(*it, "ready") && json::find(*it, "state.running") != nullptr) {
        running = true;
      }
    }
    if (text == "Completed" && running) text = kube::condition_is_true(o, "Ready") ? "Running" : "NotReady";
  }
  if (kube::deleting(o)) text = json::str(o, "status.reason") == "NodeLost" ? "Unknown" : "Terminating";
  return text;
}

json::array cells(const Object& o) {
  std::int64_t ready = 0, restarts = 0;
  const auto total = static_cast<std::int64_t>(json::list(o, "spec.containers").size());
  for (const auto& s : json::list(o, "status.containerStatuses")) {
    ready += json::flag(s, "ready") && json::find(s, "state.running") != nullptr ? 1 : 0;
    restarts += json::num(s, "restartCount");
  }
  const auto created = parse_rfc3339(json::str(o, "metadata.creationTimestamp"));
  const std::string_view nominated = json::str(o, "status.nominatedNodeName");
  return json::array{std::to_string(ready) + "/" + std::to_string(total),
                     status_text(o),
                     std::to_string(restarts),
                     created ? human_duration(now() - *created) : "<unknown>",
                     json::str(o, "status.podIP", "<none>"),
                     json::str(o, "spec.nodeName", "<none>"),
                     nominated.empty() ? "<none>" : nominated,
                     "<none>"};
}

void fields(const Object& o, Fields& out) {
  for (const char* name : {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                           "status.phase", "status.podIP", "status.nominatedNodeName"})
    out.emplace_back(name, json::str(o, name));
  out.emplace_back("spec.hostNetwork", json::flag(o, "spec.hostNetwork") ? "true" : "false");
}

}  // namespace

void add_pods(std::vector<ResourceType>& out) {
  ResourceType pod = builtin("", "v1", "pods", "Pod", true);
  pod.short_names = {"po"};
  pod.categories = {"all"};
  pod.has_status = pod.has_generation = pod.graceful = pod.returns_deleted = true;
  pod.defaults = [](Object& o) {
    if (json::find(o, "spec") == nullptr) json::set(o, "spec", json::object());
    default_pod(*json::find(o, "spec"));
    // The older name of the first of several.
    if (const std::string ip(json::str(o, "status.podIP")); !ip.empty() && json::list(o, "status.podIPs").empty())
      json::set(o, "status.podIPs", json::array{json::object{{"ip", ip}}});
  };
  pod.on_create = [](Object& o) {
    json::set(o, "status", json::object{{"phase", "Pending"}, {"qosClass", qos_class(*json::find(o, "spec"))}});
    if (!json::list(o, "spec.schedulingGates").empty())
      kube::set_condition(o, "PodScheduled", "False", "SchedulingGated",
                          "Scheduling is blocked due to non-empty scheduling gates", rfc3339(now()));
  };
  pod.row_conditions = [](const Object& o) {
    const std::string_view phase = json::str(o, "status.phase");
    if (phase != "Succeeded" && phase != "Failed") return json::array();
    return json::array{
        json::object{{"type", "Completed"},
                     {"status", "True"},
                     {"reason", phase},
                     {"message", phase == "Succeeded" ? "The pod has completed successfully." : "The pod failed."}}};
  };
  pod.validate = [](const Object& o, Causes& causes) {
    static const json::value none = json::object();
    const json::value* spec = json::find(o, "spec");
    validate_pod_spec(spec != nullptr ? *spec : none, "spec", causes);
  };
  pod.validate_update = validate_pod_update;
  pod.fields = fields;
  pod.field_names = {"spec.nodeName",    "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                     "spec.hostNetwork", "status.phase",       "status.podIP",       "status.nominatedNodeName"};
  pod.columns = {
      {"Ready", "string", "", "The aggregate readiness state of this pod for accepting traffic."},
      {"Status", "string", "", "The aggregate status of the containers in this pod."},
      {"Restarts", "string", "",
       "The number of times the containers in this pod have been restarted and when the last container in this pod has "
       "restarted."},
      {"Age", "string", "", ""},
      {"IP", "string", "", "podIP address allocated to the pod.", 1},
      {"Node", "string", "", "NodeName indicates in which node this pod is scheduled.", 1},
      {"Nominated Node", "string", "", "nominatedNodeName is set only when this pod preempts other pods on the node.",
       1},
      {"Readiness Gates", "string", "", "If specified, all readiness gates will be evaluated for pod readiness.", 1}};
  pod.age_column = false;
  pod.cells = cells;
  out.push_back(std::move(pod));
}

}  // namespace spoke::cluster::kinds
