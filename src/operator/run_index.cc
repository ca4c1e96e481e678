#include "operator/run_index.h"

#include "operator/labels.h"

namespace spoke::op {

std::string RunIndex::update(const kube::Object* before, const kube::Object* after) {
  const kube::Object& application = after != nullptr ? *after : *before;
  const std::string name(kube::name(application));
  const auto schedule_of = [](const kube::Object& object) {
    const std::string_view label = kube::label(object, label::scheduled_by);
    return label.empty() ? std::string() : fmt::format("{}/{}", kube::ns(object), label);
  };
  if (after == nullptr || (before != nullptr && schedule_of(*before) != schedule_of(*after))) {
    std::string schedule = schedule_of(*before);
    const auto found = runs_.find(schedule);
    if (found != runs_.end()) found->second.erase(name);
    if (found != runs_.end() && found->second.empty()) runs_.erase(found);
    if (after == nullptr) return schedule;
  }
  std::string schedule = schedule_of(*after);
  if (schedule.empty()) return "";
  const Run run{.name = name,
                .uid = std::string(kube::uid(*after)),
                .state = read_status(*after).state,
                .created = std::string(json::str(*after, "metadata.creationTimestamp")),
                .deleting = kube::deleting(*after)};
  Run& known = runs_[schedule][name];
  if (known == run) return "";
  known = run;
  return schedule;
}

std::vector<Run> RunIndex::runs_of(const std::string& schedule) const {
  std::vector<Run> out;
  if (const auto found = runs_.find(schedule); found != runs_.end())
    for (const auto& [_, run] : found->second) out.push_back(run);
  return out;
}

}  // namespace spoke::op
