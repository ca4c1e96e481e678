#include "operator/pods.h"

#include "base/strings.h"
#include "kube/pod_trouble.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

const char* word_of(Pod::Phase phase) {
  switch (phase) {
    case Pod::Phase::None: return "";
    case Pod::Phase::Pending: return "Pending";
    case Pod::Phase::Running: return "Running";
    case Pod::Phase::Succeeded: return "Succeeded";
    case Pod::Phase::Failed: return "Failed";
    case Pod::Phase::Unknown: break;
  }
  return "Unknown";
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

Pod::Phase phase_of(std::string_view word) {
  if (word.empty()) return Pod::Phase::None;
  for (const auto phase : {Pod::Phase::Pending, Pod::Phase::Running, Pod::Phase::Succeeded, Pod::Phase::Failed})
    if (word == word_of(phase)) return phase;
  return Pod::Phase::Unknown;
}

bool of_submission(const Pod& pod, const Application& app) {
  return !app.status.submission_id.empty() && std::string_view(pod.of->ns) == app.ns &&
         std::string_view(pod.of->app_name) == app.name &&
         std::string_view(pod.of->submission_id) == app.status.submission_id;
}

const Pod::More& more_of(const Pod& pod) {
  static const Pod::More none;
  return pod.more ? *pod.more : none;
}

Pod::More read_more(const kube::Object& pod, Pod::Role role, Pod::Phase phase) {
  Pod::More out{.reason = lasting(json::str(pod, "status.reason")),
                .message = lasting(json::str(pod, "status.message")),
                .terminated = terminated(pod)};
  if (phase == Pod::Phase::Pending) out.trouble = lasting(kube::pod_trouble(pod));
  if (role == Pod::Role::Executor && phase == Pod::Phase::Pending)
    out.created = parse_rfc3339(json::str(pod, "metadata.creationTimestamp"));
  if (role != Pod::Role::Driver) return out;
  out.uid = kube::uid(pod);
  if (const json::value* owner = kube::controller_of(pod)) out.owner_uid = json::str(*owner, "uid");
  out.node = json::str(pod, "spec.nodeName");
  const json::value* target = kube::condition(pod, "DisruptionTarget");
  out.disrupted = target != nullptr && json::str(*target, "status") == "True";
  out.deletion = parse_rfc3339(json::str(pod, "metadata.deletionTimestamp"));
  return out;
}

}  // namespace

bool Pod::operator==(const Pod& other) const {
  return *of == *other.of && name == other.name && more_of(*this) == more_of(other) &&
         executor_id == other.executor_id && role == other.role && phase == other.phase && deleting == other.deleting;
}

std::shared_ptr<const AttemptLabels> PodReader::shared(AttemptLabels labels) {
  auto& known = attempts_[labels.submission_id];
  if (auto there = known.lock(); there && *there == labels) return there;
  auto made = std::allocate_shared<const AttemptLabels>(Lasting<AttemptLabels>(), std::move(labels));
  known = made;
  if (attempts_.size() >= enough_) {
    std::erase_if(attempts_, [](const auto& entry) { return entry.second.expired(); });
    enough_ = 2 * attempts_.size() + 64;
  }
  return made;
}

Pod PodReader::read(const kube::Object& pod) {
  const auto label = [&](std::string_view name) { return lasting(kube::label(pod, name)); };
  Pod out{.of = shared({.ns = lasting(kube::ns(pod)),
                        .app_name = label(label::app_name),
                        .submission_id = label(label::submission_id),
                        .app_id = label(label::app_selector)}),
          .name = lasting(kube::name(pod)),
          .executor_id = static_cast<int>(to_int(kube::label(pod, label::executor_id)).value_or(0)),
          .phase = phase_of(json::str(pod, "status.phase")),
          .deleting = kube::deleting(pod)};
  if (const auto role = kube::label(pod, label::role); role == "driver")
    out.role = Pod::Role::Driver;
  else if (role == "executor")
    out.role = Pod::Role::Executor;
  if (Pod::More more = read_more(pod, out.role, out.phase); more != Pod::More())
    out.more = std::allocate_shared<const Pod::More>(Lasting<Pod::More>(), std::move(more));
  return out;
}

std::string application_of(const Pod& pod) {
  const std::string_view ns = pod.of->ns, name = pod.of->app_name;
  return name.empty() ? "" : fmt::format("{}/{}", ns, name);
}

ExecutorPod executor_of(const Pod& pod) {
  const Pod::More& more = more_of(pod);
  return {.name = std::string(pod.name),
          .id = pod.executor_id,
          .app_id = std::string(pod.of->app_id),
          .phase = word_of(pod.phase),
          .message = std::string(more.message),
          .trouble = std::string(more.trouble),
          .created = more.created,
          .deleting = pod.deleting,
          .terminated = more.terminated};
}

void see(Observed& seen, const Application& app, const Pod& pod) {
  if (!of_submission(pod, app)) return;
  if (pod.role == Pod::Role::Executor) seen.executors.push_back(executor_of(pod));
  if (pod.role != Pod::Role::Driver) return;
  const Pod::More& more = more_of(pod);
  if (std::string_view(more.owner_uid) != app.uid) return;
  seen.driver = DriverPod{.name = std::string(pod.name),
                          .uid = std::string(more.uid),
                          .app_id = std::string(pod.of->app_id),
                          .phase = word_of(pod.phase),
                          .reason = std::string(more.reason),
                          .message = std::string(more.message),
                          .trouble = std::string(more.trouble),
                          .node = std::string(more.node),
                          .disrupted = more.disrupted,
                          .deleting = more.deletion,
                          .terminated = more.terminated};
}

}  // namespace spoke::op
