#include "submit/pod_text.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/strings.h"

namespace spoke::submit {
namespace {

using Lines = std::vector<std::pair<std::string_view, std::string>>;

std::string bundle(const Lines& lines, size_t indent = 1) {
  std::string out;
  for (const auto& [name, value] : lines)
    out += fmt::format("\n{} {}: {}", std::string(indent, '\t'), name, value.empty() ? "N/A" : value);
  return out;
}

std::string text(const json::value& v, std::string_view path) { return std::string(json::str(v, path)); }

void add_state(Lines& lines, const json::value& status) {
  if (const json::value* running = json::find(status, "state.running")) {
    lines.emplace_back("container state", "running");
    lines.emplace_back("container started at", text(*running, "startedAt"));
  } else if (const json::value* ended = json::find(status, "state.terminated")) {
    lines.emplace_back("container state", "terminated");
    lines.emplace_back("container started at", text(*ended, "startedAt"));
    lines.emplace_back("container finished at", text(*ended, "finishedAt"));
    lines.emplace_back("exit code", std::to_string(json::num(*ended, "exitCode")));
    lines.emplace_back("termination reason", text(*ended, "reason"));
  } else if (const json::value* waiting = json::find(status, "state.waiting")) {
    lines.emplace_back("container state", "waiting");
    lines.emplace_back("pending reason", text(*waiting, "reason"));
  } else {
    lines.emplace_back("container state", "N/A");
  }
}

std::string containers(const kube::Object& pod, size_t indent) {
  std::vector<std::string> parts;
  for (const auto& status : json::list(pod, "status.containerStatuses")) {
    Lines lines = {{"container name", text(status, "name")}, {"container image", text(status, "image")}};
    add_state(lines, status);
    parts.push_back(bundle(lines, indent));
  }
  return join(parts, "\n\n");
}

}  // namespace

std::string describe_containers(const kube::Object& pod) { return containers(pod, 1); }

std::string describe_pod(const kube::Object& pod) {
  std::vector<std::string> labels, volumes;
  for (const auto& [name, value] : json::members(pod, "metadata.labels"))
    labels.push_back(fmt::format("{} -> {}", std::string_view(name), std::string_view(value.as_string())));
  for (const auto& volume : json::list(pod, "spec.volumes")) volumes.push_back(text(volume, "name"));
  return bundle({{"pod name", text(pod, "metadata.name")},
                 {"namespace", text(pod, "metadata.namespace")},
                 {"labels", join(labels, ", ")},
                 {"pod uid", text(pod, "metadata.uid")},
                 {"creation time", text(pod, "metadata.creationTimestamp")},
                 {"service account name", text(pod, "spec.serviceAccountName")},
                 {"volumes", join(volumes, ", ")},
                 {"node name", text(pod, "spec.nodeName")},
                 {"start time", text(pod, "status.startTime")},
                 {"phase", text(pod, "status.phase")},
                 {"container status", containers(pod, 2)}});
}

std::string phase(const kube::Object& pod) {
  const auto found = json::str(pod, "status.phase");
  return found.empty() ? "unknown" : std::string(found);
}

bool has_ended(const kube::Object& pod) {
  const auto found = json::str(pod, "status.phase");
  return found == "Succeeded" || found == "Failed";
}

}  // namespace spoke::submit
