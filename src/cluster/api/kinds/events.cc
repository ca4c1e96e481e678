// Event: one store, two faces. It is kept as core/v1 has it; events.k8s.io/v1 is translated on the way in and out.
#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {
namespace {

struct Pair {
  const char *core, *events;
};
constexpr Pair kRenamed[] = {{"involvedObject", "regarding"}, {"message", "note"}, {"reportingComponent", "reportingController"},
                             {"source", "deprecatedSource"}, {"firstTimestamp", "deprecatedFirstTimestamp"},
                             {"lastTimestamp", "deprecatedLastTimestamp"}, {"count", "deprecatedCount"}};

Object renamed(Object o, bool to_core) {
  auto& members = o.get_object();
  for (const auto& [core, events] : kRenamed) {
    const char* from = to_core ? events : core;
    const auto it = members.find(from);
    if (it == members.end()) continue;
    json::value moved = std::move(it->value());
    members.erase(from);
    members[to_core ? core : events] = std::move(moved);
  }
  members["apiVersion"] = to_core ? "v1" : "events.k8s.io/v1";
  return o;
}

// Members that Go writes even where nothing was given.
void default_core(Object& o) {
  default_to(o, "involvedObject", json::object());
  default_to(o, "source", json::object());
  for (const char* name : {"firstTimestamp", "lastTimestamp", "eventTime"})
    if (json::find(o, name) == nullptr) json::set(o, name, nullptr);
  for (const char* name : {"reportingComponent", "reportingInstance"}) default_to(o, name, "");
}

void fields(const Object& o, Fields& out) {
  for (const char* name : {"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"})
    out.emplace_back(std::string("involvedObject.") + name, json::str(o, std::string("involvedObject.") + name));
  const std::string_view source = json::str(o, "source.component");
  out.emplace_back("reason", json::str(o, "reason"));
  out.emplace_back("reportingComponent", json::str(o, "reportingComponent"));
  out.emplace_back("source", source.empty() ? json::str(o, "reportingComponent") : source);
  out.emplace_back("type", json::str(o, "type"));
}

std::string age_of(std::string_view stamp) {
  const auto t = parse_rfc3339(stamp);
  return t ? human_duration(now() - *t) : "<unknown>";
}

void describe(ResourceType& type) {
  type.short_names = {"ev"};
  type.storage = "core/events";
  type.create_on_update = true;
  type.fields = fields;
  type.field_names = {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
                      "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
                      "reportingComponent", "source", "type"};
  type.columns = {{"Last Seen", "string", "", ""}, {"Type", "string", "", ""}, {"Reason", "string", "", ""},
                  {"Object", "string", "", ""}, {"Subobject", "string", "", "", 1}, {"Source", "string", "", "", 1},
                  {"Message", "string", "", ""}, {"First Seen", "string", "", "", 1}, {"Count", "string", "", "", 1}};
  type.age_column = false;
  type.cells = [](const Object& o) {
    const std::string_view event_time = json::str(o, "eventTime");
    const std::string_view last = json::str(o, "series.lastObservedTime", json::str(o, "lastTimestamp", event_time));
    const std::string_view first = json::str(o, "firstTimestamp", event_time);
    std::string object(json::str(o, "involvedObject.kind"));
    for (char& c : object) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return json::array{age_of(last), json::str(o, "type"), json::str(o, "reason"),
                       object + "/" + std::string(json::str(o, "involvedObject.name")), json::str(o, "involvedObject.fieldPath"),
                       json::str(o, "source.component", json::str(o, "reportingComponent")), json::str(o, "message"),
                       age_of(first), std::to_string(json::num(o, "series.count", json::num(o, "count", 1)))};
  };
}

}  // namespace

void add_events(std::vector<ResourceType>& out) {
  ResourceType core = builtin("", "v1", "events", "Event", true);
  describe(core);
  core.defaults = default_core;
  core.validate = [](const Object& o, Causes& causes) {
    const std::string_view about = json::str(o, "involvedObject.namespace");
    const std::string_view expected = about.empty() ? "default" : about;
    if (kube::ns(o) != expected)
      causes.push_back(kube::invalid_value("involvedObject.namespace", json::value(about), "does not match event.namespace"));
  };
  out.push_back(core);

  ResourceType events = builtin("events.k8s.io", "v1", "events", "Event", true);
  describe(events);
  events.defaults = default_core;
  events.validate = [](const Object& o, Causes& causes) {
    if (json::str(o, "reportingComponent").empty()) causes.push_back(kube::required("reportingController", ""));
    if (json::str(o, "reportingInstance").empty()) causes.push_back(kube::required("reportingInstance", ""));
    if (json::str(o, "action").empty()) causes.push_back(kube::required("action", ""));
    if (json::str(o, "reason").empty()) causes.push_back(kube::required("reason", ""));
  };
  events.to_storage = [](Object o) { return renamed(std::move(o), true); };
  events.from_storage = [](Object o) { return renamed(std::move(o), false); };
  out.push_back(std::move(events));
}

}  // namespace spoke::cluster::kinds
