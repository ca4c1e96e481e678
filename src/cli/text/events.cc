#include "cli/text/events.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace spoke::cli {
namespace {

using kube::Object;

// "NAME-0123456789abcdef-exec-1", as Spark names executors; of any application where that is "".
bool is_executor_of(std::string_view pod, std::string_view application) {
  constexpr size_t kHash = 16;
  const size_t end = pod.rfind("-exec-");
  if (end == std::string_view::npos || end < kHash + 1 || pod[end - kHash - 1] != '-') return false;
  if (pod.substr(end - kHash, kHash).find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
  return application.empty() || pod.substr(0, end - kHash - 1) == application;
}

}  // namespace

std::optional<Time> last_seen(const Object& event) {
  for (const char* path :
       {"series.lastObservedTime", "lastTimestamp", "eventTime", "firstTimestamp", "metadata.creationTimestamp"})
    if (const auto time = json::str(event, path); !time.empty()) return parse_rfc3339(time);
  return std::nullopt;
}

Table event_table(const std::vector<Object>& events, Time now) {
  std::vector<std::pair<std::optional<Time>, size_t>> order;
  for (const auto& event : events) order.emplace_back(last_seen(event), order.size());
  std::sort(order.begin(), order.end());
  Table table({"AGE", "TYPE", "REASON", "OBJECT", "MESSAGE"});
  for (const auto& [seen, index] : order) {
    const Object& event = events[index];
    const auto count = std::max(json::num(event, "count", 1), json::num(event, "series.count", 1));
    const std::string type(json::str(event, "type"));
    table.add(
        {(seen ? human_duration(now - *seen) : "?") + (count > 1 ? fmt::format(" (x{})", count) : ""),
         Cell(type, type == "Warning" ? Style::Bad : Style::Plain), std::string(json::str(event, "reason")),
         lower(json::str(event, "involvedObject.kind")) + "/" + std::string(json::str(event, "involvedObject.name")),
         std::string(json::str(event, "message"))});
  }
  return table;
}

bool is_about(const Object& event, std::string_view application, const std::function<bool(std::string_view)>& is_pod) {
  const std::string_view kind = json::str(event, "involvedObject.kind");
  const std::string_view name = json::str(event, "involvedObject.name");
  if (kind == "Pod") return is_pod(name) || is_executor_of(name, application);
  const bool ours = json::str(event, "involvedObject.apiVersion").starts_with("sparkoperator.k8s.io/");
  return ours && (application.empty() || name == application);
}

}  // namespace spoke::cli
