#include "cluster/sched/scheduler.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/log.h"
#include "cluster/api/tell.h"
#include "cluster/api/watching.h"
#include "cluster/sched/schedule.h"
#include "net/async.h"

namespace spoke::cluster {

using net::Task;

namespace {

constexpr const char* kName = "default-scheduler";

class Scheduler {
 public:
  explicit Scheduler(Registry& registry)
      : registry_(registry),
        pods_type_(*registry.catalog().find("", "v1", "pods")),
        nodes_type_(*registry.catalog().find("", "v1", "nodes")) {}

  Task<> run() {
    for (;;) {
      auto events = registry_.store().subscribe("core/", registry_.store().revision());
      pods_.clear();
      nodes_.clear();
      for (const auto& [key, entry] : registry_.store().range(pods_type_.prefix("")))
        pods_[key] = json::parse(*entry.body);
      for (const auto& [key, entry] : registry_.store().range(nodes_type_.prefix("")))
        nodes_[key] = json::parse(*entry.body);
      try {
        for (;;) {
          co_await pass();
          bool look = false;
          while (!look)
            for (const Event* event : co_await events->next()) look = take(*event) || look;
        }
      } catch (const kube::StatusError& e) {
        if (!e.is("Expired")) throw;
      }
    }
  }

 private:
  // Whether the event may let a pod be placed.
  bool take(const Event& event) {
    const bool pod = event.key.starts_with("core/pods/"), node = event.key.starts_with("core/nodes/");
    if (!pod && !node) return false;
    auto& map = pod ? pods_ : nodes_;
    if (event.type == Event::Type::Delete)
      map.erase(event.key);
    else
      map[event.key] = json::parse(*event.entry.body);
    return true;
  }

  static bool ended(const Object& pod) {
    const std::string_view phase = json::str(pod, "status.phase");
    return phase == "Succeeded" || phase == "Failed";
  }

  static bool waits(const Object& pod) {
    return json::str(pod, "spec.nodeName").empty() && !kube::deleting(pod) && !ended(pod) &&
           json::str(pod, "spec.schedulerName") == "default-scheduler" &&
           json::list(pod, "spec.schedulingGates").empty();
  }

  Task<> pass() {
    std::vector<std::string> waiting;
    for (const auto& [key, pod] : pods_)
      if (waits(pod)) waiting.push_back(key);
    // Older pods first, as the scheduler's queue has them.
    std::sort(waiting.begin(), waiting.end(), [&](const auto& a, const auto& b) {
      return std::pair(json::str(pods_[a], "metadata.creationTimestamp"), std::string_view(a)) <
             std::pair(json::str(pods_[b], "metadata.creationTimestamp"), std::string_view(b));
    });
    for (const auto& key : waiting) {
      std::vector<NodeView> views;
      for (const auto& [node_key, node] : nodes_) {
        NodeView view{node, {}};
        for (const auto& [pod_key, pod] : pods_)
          if (json::str(pod, "spec.nodeName") == kube::name(node) && !ended(pod)) view.pods.push_back(&pod);
        views.push_back(std::move(view));
      }
      const Placement placement = place(pods_[key], views);
      try {
        if (placement.node.empty())
          co_await refuse(key, placement.message);
        else
          co_await assign(key, placement.node);
      } catch (const kube::StatusError& e) {
        if (!e.is("NotFound") && !e.is("Conflict")) log::warn("cannot schedule", "pod", key, "error", e.what());
      }
    }
  }

  Task<> assign(std::string key, std::string node) {
    const std::string ns(kube::ns(pods_[key])), name(kube::name(pods_[key]));
    json::set(pods_[key], "spec.nodeName", node);  // counts against the node before the event comes back
    const Object pod = pods_[key];
    co_await bind(registry_, ns, name, node);
    co_await tell(registry_, pod,
                  {.component = kName,
                   .reason = "Scheduled",
                   .message = fmt::format("Successfully assigned {}/{} to {}", ns, name, node),
                   .action = "Binding"});
  }

  Task<> refuse(std::string key, std::string message) {
    Object pod = pods_[key];
    const json::value* old = kube::condition(pod, "PodScheduled");
    if (old != nullptr && json::str(*old, "message") == message) co_return;
    kube::set_condition(pod, "PodScheduled", "False", "Unschedulable", message, rfc3339(now()));
    pods_[key] = pod;
    WriteOptions options;
    options.subresource = "status";
    options.field_manager = "kube-scheduler";
    const json::object patch{{"metadata", json::object{{"uid", kube::uid(pod)}}},
                             {"status", json::object{{"conditions", json::list(pod, "status.conditions")}}}};
    co_await registry_.patch(pods_type_, std::string(kube::ns(pod)), std::string(kube::name(pod)),
                             client::PatchType::Merge, patch, std::move(options));
    co_await tell(registry_, pod,
                  {.component = kName,
                   .reason = "FailedScheduling",
                   .message = message,
                   .action = "Scheduling",
                   .warning = true});
  }

  Registry& registry_;
  const ResourceType &pods_type_, &nodes_type_;
  std::map<std::string, Object> pods_, nodes_;
};

}  // namespace

Task<> schedule_pods(Registry& registry) {
  Scheduler scheduler(registry);
  co_await scheduler.run();
}

}  // namespace spoke::cluster
