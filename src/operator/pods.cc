#include "operator/pods.h"

#include "base/strings.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

void copy(json::object& to, const json::value& from, std::string_view name) {
  if (const json::value* v = json::find_member(from, name)) to[name] = *v;
}

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
  json::object metadata;
  if (const json::value* from = json::find(pod, "metadata")) {
    for (const auto* name : {"name", "namespace", "uid", "deletionTimestamp"}) copy(metadata, *from, name);
    json::object labels;
    for (const auto name :
         {label::app_name, label::submission_id, label::role, label::app_selector, label::executor_id})
      if (const json::value* all = json::find_member(*from, "labels")) copy(labels, *all, name);
    metadata["labels"] = std::move(labels);
    if (const json::value* owner = kube::controller_of(pod)) {
      json::object kept{{"controller", true}};
      for (const auto* name : {"kind", "name", "uid"}) copy(kept, *owner, name);
      metadata["ownerReferences"] = json::array{std::move(kept)};
    }
  }

  json::object status;
  if (const json::value* from = json::find(pod, "status"))
    for (const auto* name : {"phase", "reason", "message"}) copy(status, *from, name);
  if (const json::value* container = spark_status(pod))
    if (const json::value* ended = json::find(*container, "state.terminated")) {
      json::object kept;
      for (const auto* name : {"exitCode", "reason"}) copy(kept, *ended, name);
      status["containerStatuses"] = json::array{json::object{{"name", json::str(*container, "name")},
                                                             {"state", json::object{{"terminated", std::move(kept)}}}}};
    }
  json::object out{{"metadata", std::move(metadata)}, {"status", std::move(status)}};
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
                            .node = std::string(json::str(pod, "spec.nodeName")),
                            .deleting = kube::deleting(pod),
                            .terminated = terminated(pod)};
  } else if (is_executor(pod)) {
    seen.executors.push_back({.name = std::string(kube::name(pod)),
                              .id = static_cast<int>(to_int(kube::label(pod, label::executor_id)).value_or(0)),
                              .app_id = std::string(kube::label(pod, label::app_selector)),
                              .phase = std::string(json::str(pod, "status.phase")),
                              .message = std::string(json::str(pod, "status.message")),
                              .deleting = kube::deleting(pod),
                              .terminated = terminated(pod)});
  }
}

}  // namespace spoke::op
