// For tests: a world in which the steps of a workload are carried out, and pods become ready when the test says so.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "cluster/workloads/step.h"
#include "cluster/workloads/workload_pods.h"

namespace spoke::cluster::testing {

class World {
 public:
  Time time = *parse_rfc3339("2026-01-01T00:00:00Z");
  std::vector<Object> objects;
  std::vector<std::string> notes;  // "Reason: message"

  Object& add(Object object) {
    json::set(object, "metadata.uid", fmt::format("uid-{}", ++count_));
    json::set(object, "metadata.creationTimestamp", rfc3339(time + std::chrono::seconds(count_)));
    json::set(object, "metadata.generation", 1);
    json::set(object, "metadata.namespace", "ns");
    if (kube::name(object).empty())
      json::set(object, "metadata.name", fmt::format("{}{}", json::str(object, "metadata.generateName"), count_));
    if (kube::kind(object) == "Pod") json::set(object, "status.phase", "Pending");
    objects.push_back(std::move(object));
    return objects.back();
  }

  Object& get(std::string_view name) {
    const auto it = std::ranges::find_if(objects, [&](const Object& o) { return kube::name(o) == name; });
    if (it == objects.end()) throw std::runtime_error("there is no " + std::string(name));
    return *it;
  }

  std::vector<Object> all(std::string_view kind, std::string_view owner_uid = "") const {
    std::vector<Object> out;
    for (const auto& o : objects)
      if (kube::kind(o) == kind && (owner_uid.empty() || kube::owned_by(o, owner_uid))) out.push_back(o);
    return out;
  }

  std::vector<std::string> names(std::string_view kind) const {
    std::vector<std::string> out;
    for (const auto& o : all(kind)) out.emplace_back(kube::name(o));
    std::ranges::sort(out);
    return out;
  }

  // What is removed is gone at once; a pod with a finalizer stays, being deleted. Whether anything changed.
  bool carry_out(std::string owner, const Step& step) {
    bool changed = false;
    for (const auto& object : step.create) add(object), changed = true;
    for (const auto& object : step.update) {
      Object& there = get(kube::name(object));
      const bool spec =
          json::find(there, "spec") != nullptr && *json::find(there, "spec") != *json::find(object, "spec");
      changed = changed || there != object;
      const auto generation = json::num(there, "metadata.generation");
      there = object;
      json::set(there, "metadata.generation", generation + (spec ? 1 : 0));
    }
    for (const auto& object : step.remove) {
      changed = true;
      if (!json::list(get(kube::name(object)), "metadata.finalizers").empty())
        json::set(get(kube::name(object)), "metadata.deletionTimestamp", rfc3339(time));
      else
        std::erase_if(objects, [&](const Object& o) { return kube::uid(o) == kube::uid(object); });
    }
    for (const auto& note : step.notes) notes.push_back(note.reason + ": " + note.message);
    if (!step.status || std::ranges::none_of(objects, [&](const Object& o) { return kube::name(o) == owner; }))
      return changed;
    Object& it = get(owner);
    changed = changed || json::members(it, "status") != *step.status;
    json::set(it, "status", *step.status);
    return changed;
  }

  void ready(std::string_view name, bool is = true) {
    Object& pod = get(name);
    json::set(pod, "spec.nodeName", "node");
    json::set(pod, "status.phase", "Running");
    kube::set_condition(pod, "Ready", is ? "True" : "False", "", "", rfc3339(time));
  }

  void end(std::string_view name, const char* phase) {
    Object& pod = get(name);
    json::set(pod, "status.phase", phase);
    json::set(
        pod, "status.containerStatuses",
        json::array{json::object{
            {"name", "c"}, {"state", json::object{{"terminated", json::object{{"finishedAt", rfc3339(time)}}}}}}});
    kube::set_condition(pod, "Ready", "False", "", "", rfc3339(time));
  }

 private:
  int count_ = 0;
};

}  // namespace spoke::cluster::testing
