#include "cli/text/describe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "cli/text/application.h"
#include "cli/text/events.h"
#include "cli/text/pods.h"
#include "cli/text/table.h"
#include "kube/pod_trouble.h"

namespace spoke::cli {
namespace {

constexpr size_t kLabel = 19;  // width of the names on the left

class Page {
 public:
  explicit Page(bool colour) : colour_(colour) {}

  void line(std::string_view label, std::string_view value, Style style = Style::Plain, size_t indent = 0) {
    if (value.empty()) return;
    const std::string name = std::string(indent, ' ') + std::string(label) + ":";
    text_ += fmt::format("{:<{}}{}\n", name, kLabel, paint(style, printable(value), colour_));
  }
  void head(std::string_view title) { text_ += paint(Style::Strong, std::string(title) + ":", colour_) + "\n"; }
  void none() { text_ += "  none\n"; }
  void table(const Table& table, size_t indent = 2) { text_ += table.text(colour_, indent); }
  std::string text() && { return std::move(text_); }

 private:
  bool colour_;
  std::string text_;
};

std::string text_of(const json::value& v) {
  return v.is_string() ? json::to_string(v.get_string()) : v.is_null() ? "" : json::dump(v);
}

// "1 run", "2 runs"
std::string counted(std::int64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

// "2026-03-01T12:00:00Z (5m ago)"
std::string moment(std::string_view time, Time now) {
  const auto parsed = parse_rfc3339(time);
  return parsed ? fmt::format("{} ({} ago)", time, human_duration(now - *parsed)) : std::string(time);
}

std::string joined(const json::array& list) {
  std::vector<std::string> out;
  for (const auto& item : list) out.push_back(text_of(item));
  return join(out, " ");
}

// "2 cores, 4g memory (+ 1g overhead), image x"
std::string resources(const Object& app, const std::string& role) {
  const auto at = [&](const char* field) -> std::string {
    const json::value* v = json::find(app, "spec." + role + "." + field);
    return v == nullptr ? "" : text_of(*v);
  };
  std::string out = counted(json::num(app, "spec." + role + ".cores", 1), "core");
  if (!at("memory").empty()) out += fmt::format(", {} memory", at("memory"));
  if (!at("memoryOverhead").empty()) out += fmt::format(" + {} overhead", at("memoryOverhead"));
  if (!at("serviceAccount").empty()) out += fmt::format(", service account {}", at("serviceAccount"));
  if (!at("image").empty()) out += fmt::format(", image {}", at("image"));
  return out;
}

std::string restart_policy(const Object& app) {
  std::string type(json::str(app, "spec.restartPolicy.type", "Never"));
  if (type != "OnFailure") return type;
  return fmt::format("{}, {} after a failed run, {} after a failed submission", type,
                     json::num(app, "spec.restartPolicy.onFailureRetries"),
                     json::num(app, "spec.restartPolicy.onSubmissionFailureRetries"));
}

void spec(Page& page, const Object& app) {
  page.head("Spec");
  const auto field = [&](const char* label, const char* path) {
    page.line(label, json::str(app, path), Style::Plain, 2);
  };
  page.line("Type",
            fmt::format("{}, {} mode", json::str(app, "spec.type", "?"), json::str(app, "spec.mode", "cluster")),
            Style::Plain, 2);
  field("Spark version", "spec.sparkVersion");
  field("Image", "spec.image");
  field("Main file", "spec.mainApplicationFile");
  field("Main class", "spec.mainClass");
  page.line("Arguments", joined(json::list(app, "spec.arguments")), Style::Plain, 2);
  page.line("Restart policy", restart_policy(app), Style::Plain, 2);
  page.line("Driver", resources(app, "driver"), Style::Plain, 2);
  page.line("Executors", executors_wanted(app) + ", each " + resources(app, "executor"), Style::Plain, 2);
  if (json::flag(app, "spec.suspend")) page.line("Suspend", "true", Style::Busy, 2);
  for (const char* map : {"spec.sparkConf", "spec.hadoopConf"}) {
    const auto& members = json::members(app, map);
    if (members.empty()) continue;
    page.head(map == std::string_view("spec.sparkConf") ? "  Spark configuration" : "  Hadoop configuration");
    std::vector<std::string> lines;
    for (const auto& [key, value] : members) lines.push_back(std::string(key) + "=" + redacted(key, text_of(value)));
    std::sort(lines.begin(), lines.end());
    Table table({"PROPERTY", "VALUE"});
    for (const auto& line : lines) table.add({line.substr(0, line.find('=')), line.substr(line.find('=') + 1)});
    page.table(table, 4);
  }
}

void status(Page& page, const Object& app, Time now) {
  const std::string state = state_of(app);
  page.line("State", state, style_of_state(state));
  page.line("Error", error_of(app), Style::Bad);
  page.line("Created", moment(json::str(app, "metadata.creationTimestamp"), now));
  page.line("Submitted", moment(json::str(app, "status.lastSubmissionAttemptTime"), now));
  page.line("Ended", finished(state) ? moment(json::str(app, "status.terminationTime"), now) : "");
  if (const auto time = run_time(app, now)) page.line("Run time", human_duration(*time));
  const auto runs = json::num(app, "status.executionAttempts"),
             submissions = json::num(app, "status.submissionAttempts");
  if (runs + submissions > 0) page.line("Attempts", counted(runs, "run") + ", " + counted(submissions, "submission"));
  page.line("Spark application", json::str(app, "status.sparkApplicationId"));
  page.line("Web UI",
            json::str(app, "status.driverInfo.webUIIngressAddress", json::str(app, "status.driverInfo.webUIAddress")));
}

void pod_row(Table& table, const Object& pod, Time now) {
  const std::string state = pod_status(pod);
  const auto code = exit_code(pod);
  table.add({std::string(kube::name(pod)), Cell(state, style_of_state(state)), code ? std::to_string(*code) : "-",
             std::string(json::str(pod, "spec.nodeName", "-")), age(pod, now), shorten(kube::pod_trouble(pod), 100)});
}

void pods(Page& page, const Described& what, Time now) {
  Table drivers({"POD", "STATE", "EXIT CODE", "NODE", "AGE", "MESSAGE"});
  Table executors({"POD", "STATE", "EXIT CODE", "NODE", "AGE", "MESSAGE"});
  std::vector<std::string> there;
  for (const auto& pod : what.pods) {
    there.emplace_back(kube::name(pod));
    pod_row(is_driver(pod) ? drivers : executors, pod, now);
  }
  // Executors' pods are deleted as they end; the status remembers them.
  for (const auto& [name, state] : json::members(what.app, "status.executorState")) {
    if (std::find(there.begin(), there.end(), std::string_view(name)) != there.end()) continue;
    const std::string text = text_of(state);
    executors.add({std::string(name), Cell(text, style_of_state(text)), "-", "-", "-", "the pod is gone"});
  }
  page.head("Driver");
  drivers.empty() ? page.none() : page.table(drivers);
  page.head("Executors");
  executors.empty() ? page.none() : page.table(executors);
}

void events(Page& page, const std::vector<Object>& list, Time now) {
  page.head("Events");
  if (list.empty()) return page.none();
  page.table(event_table(list, now));
}

}  // namespace

std::string redacted(std::string_view key, std::string_view value) {
  const std::string name = lower(key);
  for (const char* sign : {"secret", "password", "token", "accesskey", "access.key", "access_key", "access-key"})
    if (name.find(sign) != std::string::npos) return "*********(redacted)";
  return std::string(value);
}

std::string describe(const Described& what, Time now, bool colour) {
  Page page(colour);
  page.line("Name", kube::name(what.app), Style::Strong);
  page.line("Namespace", kube::ns(what.app));
  std::vector<std::string> labels;
  for (const auto& [key, value] : json::members(what.app, "metadata.labels"))
    labels.push_back(std::string(key) + "=" + text_of(value));
  page.line("Labels", join(labels, ", "));
  status(page, what.app, now);
  spec(page, what.app);
  pods(page, what, now);
  events(page, what.events, now);
  return std::move(page).text();
}

}  // namespace spoke::cli
