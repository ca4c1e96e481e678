#include "operator/pods.h"

#include "base/strings.h"
#include "kube/pod_trouble.h"
#include "operator/labels.h"
#include "operator/some_of.h"

namespace spoke::op {
namespace {

// Members of projections alone.
constexpr std::string_view kTrouble = "trouble", kDisrupted = "disrupted";

bool is_spark_container(std::string_view name) {
  return name == kDriverContainer || name == kExecutorContainer || name == kOldExecutorContainer;
}

// The status of the container that runs Spark: by its name, or because there is no other.
const json::value* spark_status(const kube::Object& pod) {
  const json::array& all = json::list(pod, "status.containerStatuses");
  for (const auto& container : all)
    if (is_spark_container(json::str(container, "name"))) return &container;
  return all.size() == 1 ? &all[0] : nullptr;
}

std::optional<Terminated> terminated(const kube::Object& pod) {
  const json::value* container = spark_status(pod);
  if (container == nullptr || json::find(*container, "state.terminated") == nullptr) return std::nullopt;
  return Terminated{static_cast<int>(json::num(*container, "state.terminated.exitCode")),
                    std::string(json::str(*container, "state.terminated.reason"))};
}

bool of_submission(const kube::Object& pod, const Application& app) {
  return !app.status.submission_id.empty() && kube::ns(pod) == app.ns &&
         kube::label(pod, label::app_name) == app.name &&
         kube::label(pod, label::submission_id) == app.status.submission_id;
}

}  // namespace

kube::Object project_pod(kube::Object pod) {
  json::object metadata = some_of(pod, "metadata", {"name", "namespace", "uid", "deletionTimestamp"});
  metadata["labels"] =
      some_of(pod, "metadata.labels",
              {label::app_name, label::submission_id, label::role, label::app_selector, label::executor_id});
  if (const json::value* owner = kube::controller_of(pod))
    metadata["ownerReferences"] = json::array{json::object{{"controller", true},
                                                           {"kind", json::str(*owner, "kind")},
                                                           {"name", json::str(*owner, "name")},
                                                           {"uid", json::str(*owner, "uid")}}};

  const std::string_view phase = json::str(pod, "status.phase");
  if (phase == "Pending" && is_executor(pod))
    metadata["creationTimestamp"] = json::str(pod, "metadata.creationTimestamp");
  json::object status = some_of(pod, "status", {"phase", "reason", "message"});
  if (const json::value* container = spark_status(pod); container != nullptr && terminated(pod)) {
    json::object state{{"terminated", some_of(*container, "state.terminated", {"exitCode", "reason"})}};
    status["containerStatuses"] =
        json::array{json::object{{"name", json::str(*container, "name")}, {"state", std::move(state)}}};
  }
  json::object out{{"metadata", std::move(metadata)}, {"status", std::move(status)}};
  if (phase == "Pending")
    if (const std::string trouble = kube::pod_trouble(pod); !trouble.empty()) out[kTrouble] = trouble;
  if (const json::value* target = kube::condition(pod, "DisruptionTarget");
      target != nullptr && json::str(*target, "status") == "True")
    out[kDisrupted] = true;
  if (const json::value* node = json::find(pod, "spec.nodeName"); node != nullptr && is_driver(pod))
    out["spec"] = json::object{{"nodeName", *node}};
  return out;
}

std::string application_of(const kube::Object& pod) {
  const std::string_view name = kube::label(pod, label::app_name);
  return name.empty() ? "" : fmt::format("{}/{}", kube::ns(pod), name);
}

bool is_driver(const kube::Object& pod) { return kube::label(pod, label::role) == "driver"; }
bool is_executor(const kube::Object& pod) { return kube::label(pod, label::role) == "executor"; }

ExecutorPod executor_of(const kube::Object& pod) {
  return {.name = std::string(kube::name(pod)),
          .id = static_cast<int>(to_int(kube::label(pod, label::executor_id)).value_or(0)),
          .app_id = std::string(kube::label(pod, label::app_selector)),
          .phase = std::string(json::str(pod, "status.phase")),
          .message = std::string(json::str(pod, "status.message")),
          .trouble = std::string(json::str(pod, kTrouble)),
          .created = parse_rfc3339(json::str(pod, "metadata.creationTimestamp")),
          .deleting = kube::deleting(pod),
          .terminated = terminated(pod)};
}

void see(Observed& seen, const Application& app, const kube::Object& pod) {
  if (!of_submission(pod, app)) return;
  if (is_driver(pod)) {
    const json::value* owner = kube::controller_of(pod);
    if (owner == nullptr || json::str(*owner, "uid") != app.uid) return;
    seen.driver = DriverPod{.name = std::string(kube::name(pod)),
                            .uid = std::string(kube::uid(pod)),
                            .app_id = std::string(kube::label(pod, label::app_selector)),
                            .phase = std::string(json::str(pod, "status.phase")),
                            .reason = std::string(json::str(pod, "status.reason")),
                            .message = std::string(json::str(pod, "status.message")),
                            .trouble = std::string(json::str(pod, kTrouble)),
                            .node = std::string(json::str(pod, "spec.nodeName")),
                            .disrupted = json::flag(pod, kDisrupted),
                            .deleting = parse_rfc3339(json::str(pod, "metadata.deletionTimestamp")),
                            .terminated = terminated(pod)};
  } else if (is_executor(pod)) {
    seen.executors.push_back(executor_of(pod));
  }
}

}  // namespace spoke::op
