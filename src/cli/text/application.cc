#include "cli/text/application.h"

#include <fmt/format.h>

namespace spoke::cli {
namespace {

std::optional<Time> time_at(const Object& object, std::string_view path) {
  return parse_rfc3339(json::str(object, path));
}

std::string or_none(std::string_view text) { return text.empty() ? "-" : std::string(text); }

}  // namespace

std::string state_of(const Object& app) {
  const auto state = json::str(app, "status.applicationState.state");
  return state.empty() ? "NEW" : std::string(state);
}

bool finished(std::string_view state) { return state == "COMPLETED" || state == "FAILED"; }

std::string_view error_of(const Object& app) { return json::str(app, "status.applicationState.errorMessage"); }

std::string driver_pod_name(const Object& app) {
  if (const auto known = json::str(app, "status.driverInfo.podName"); !known.empty()) return std::string(known);
  if (const auto chosen = json::str(app, "spec.driver.podName"); !chosen.empty()) return std::string(chosen);
  return std::string(kube::name(app)) + "-driver";
}

std::string executors_wanted(const Object& app) {
  const auto instances = json::num(app, "spec.executor.instances", 1);
  if (!json::flag(app, "spec.dynamicAllocation.enabled")) return std::to_string(instances);
  const auto least = json::num(app, "spec.dynamicAllocation.minExecutors", 0);
  const json::value* most = json::find(app, "spec.dynamicAllocation.maxExecutors");
  return most == nullptr ? fmt::format("{}+", least)
                         : fmt::format("{}-{}", least, json::num(app, "spec.dynamicAllocation.maxExecutors"));
}

size_t executors_running(const Object& app) {
  auto running = static_cast<size_t>(std::max<std::int64_t>(0, json::num(app, "status.executorSummary.RUNNING")));
  for (const auto& [name, state] : json::members(app, "status.executorState"))
    if (state.is_string() && state.get_string() == "RUNNING") ++running;
  return running;
}

std::optional<Duration> run_time(const Object& app, Time now) {
  const auto begun = time_at(app, "status.lastSubmissionAttemptTime");
  if (!begun) return std::nullopt;
  const auto ended = finished(state_of(app)) ? time_at(app, "status.terminationTime") : std::nullopt;
  return ended.value_or(now) - *begun;
}

std::string age(const Object& object, Time now) {
  const auto created = time_at(object, "metadata.creationTimestamp");
  return created ? human_duration(now - *created) : "<unknown>";
}

Table application_table(const std::vector<Object>& apps, const ListColumns& columns, Time now) {
  std::vector<std::string> headers;
  if (columns.all_namespaces) headers.emplace_back("NAMESPACE");
  headers.insert(headers.end(), {"NAME", "STATE", "EXECUTORS", "RUN TIME", "AGE"});
  if (columns.wide) headers.insert(headers.end(), {"ATTEMPTS", "DRIVER", "IMAGE", "MESSAGE"});
  Table table(std::move(headers));
  for (const auto& app : apps) {
    const std::string state = state_of(app);
    const auto time = run_time(app, now);
    std::vector<Cell> row;
    if (columns.all_namespaces) row.emplace_back(std::string(kube::ns(app)));
    row.emplace_back(std::string(kube::name(app)));
    row.emplace_back(state, style_of_state(state));
    row.emplace_back(finished(state) ? executors_wanted(app)
                                     : fmt::format("{}/{}", executors_running(app), executors_wanted(app)));
    row.emplace_back(time ? human_duration(*time) : "-");
    row.emplace_back(age(app, now));
    if (columns.wide) {
      row.emplace_back(std::to_string(json::num(app, "status.executionAttempts")));
      row.emplace_back(or_none(json::str(app, "status.driverInfo.podName")));
      row.emplace_back(or_none(json::str(app, "spec.image")));
      row.emplace_back(or_none(shorten(printable(error_of(app)), 80)));
    }
    table.add(std::move(row));
  }
  return table;
}

Object without_noise(Object object) {
  json::remove(object, "metadata.managedFields");
  return object;
}

}  // namespace spoke::cli
