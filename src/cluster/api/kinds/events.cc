// Event: one store, two faces. It is kept as core/v1 has it; events.k8s.io/v1 is translated on the way in and out.
#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {
namespace {

struct Pair {
  const char *core, *events;
};
constexpr Pair kRenamed[] = {{"involvedObject", "regarding"},
                             {"message", "note"},
                             {"reportingComponent", "reportingController"},
                             {"source", "deprecatedSource"},
                             {"firstTimestamp", "deprecatedFirstTimestamp"},
                             {"lastTimestamp", "deprecatedLastTimestamp"},
                             {"count", "deprecatedCount"}};

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

void fields(const Object& o, Fields& out) {
  for (const char* name : {"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"})
    out.emplace_back(std::string("involvedObject.") + name, json::str(o, std::string("involvedObject.") + name));
  const std::string_view source = json::str(o, "source.component");
  for (const char* name : {"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"})
    out.emplace_back(std::string("regarding.") + name, json::str(o, std::string("involvedObject.") + name));
  out.emplace_back("reportingController", json::str(o, "reportingComponent"));
  out.emplace_back("reason", json::str(o, "reason"));
  out.emplace_back("reportingComponent", json::str(o, "reportingComponent"));
  out.emplace_back("source", source.empty() ? json::str(o, "reportingComponent") : source);
  out.emplace_back("type", json::str(o, "type"));
}

std::string age_of(std::string_view stamp) {
  const auto t = parse_rfc3339(stamp);
  return t ? human_duration(now() - *t) : "<unknown>";
}

// "kubelet, node-1", by whichever of the two APIs it was written.
std::string source_text(const Object& o) {
  const std::string component(json::str(o, "source.component", json::str(o, "reportingComponent")));
  const std::string host(json::str(o, "source.host", json::str(o, "reportingInstance")));
  return host.empty() ? component : component + ", " + host;
}

// Only what came by the newer API is held to its rules. Source: pkg/apis/core/validation/events.go.
void validate_event(const Object& o, Causes& causes) {
  const std::string_view about = json::str(o, "involvedObject.namespace"), type = json::str(o, "type");
  if (kube::ns(o) != (about.empty() ? "default" : about))
    causes.push_back(
        kube::invalid_value("involvedObject.namespace", json::value(about), "does not match event.namespace"));
  if (json::str(o, "eventTime").empty()) causes.push_back(kube::required("eventTime", ""));
  if (type != "Normal" && type != "Warning")
    causes.push_back(kube::invalid_value("type", json::value(""), fmt::format("has invalid value: {}", type)));
  if (json::str(o, "eventTime").empty()) return;
  for (const auto& [member, name] :
       {std::pair{"reportingComponent", "reportingController"}, std::pair{"reportingInstance", "reportingInstance"},
        std::pair{"action", "action"}, std::pair{"reason", "reason"}})
    if (json::str(o, member).empty()) causes.push_back(kube::required(name, ""));
}

void describe(ResourceType& type) {
  type.short_names = {"ev"};
  type.storage = "core/events";
  type.create_on_update = true;
  type.fields = fields;
  type.field_names = {"involvedObject.kind",
                      "involvedObject.namespace",
                      "involvedObject.name",
                      "involvedObject.uid",
                      "involvedObject.apiVersion",
                      "involvedObject.resourceVersion",
                      "involvedObject.fieldPath",
                      "reason",
                      "reportingComponent",
                      "source",
                      "type"};
  type.columns = {{"Last Seen", "string", "", ""},    {"Type", "string", "", ""},
                  {"Reason", "string", "", ""},       {"Object", "string", "", ""},
                  {"Subobject", "string", "", "", 1}, {"Source", "string", "", "", 1},
                  {"Message", "string", "", ""},      {"First Seen", "string", "", "", 1},
                  {"Count", "string", "", "", 1},     {"Name", "string", "name", "", 1}};
  type.name_column = type.age_column = false;
  type.cells = [](const Object& o) {
    const std::string_view event_time = json::str(o, "eventTime");
    const std::string_view last = json::str(o, "series.lastObservedTime", json::str(o, "lastTimestamp", event_time));
    const std::string_view first = json::str(o, "firstTimestamp", event_time);
    std::string object(json::str(o, "involvedObject.kind"));
    for (char& c : object) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return json::array{age_of(last),
                       json::str(o, "type"),
                       json::str(o, "reason"),
                       object + "/" + std::string(json::str(o, "involvedObject.name")),
                       json::str(o, "involvedObject.fieldPath"),
                       source_text(o),
                       json::str(o, "message"),
                       age_of(first),
                       json::num(o, "series.count", json::num(o, "count", 1)),
                       kube::name(o)};
  };
}

}  // namespace

void add_events(std::vector<ResourceType>& out) {
  ResourceType core = builtin("", "v1", "events", "Event", true);
  describe(core);
  core.validate = [](const Object& o, Causes& causes) {
    const std::string_view about = json::str(o, "involvedObject.namespace");
    const std::string_view expected = about.empty() ? "default" : about;
    if (kube::ns(o) != expected)
      causes.push_back(
          kube::invalid_value("involvedObject.namespace", json::value(about), "does not match event.namespace"));
  };
  ResourceType events = builtin("events.k8s.io", "v1", "events", "Event", true);
  describe(events);
  // Selected by the names of either face.
  for (const auto& name : core.field_names)
    if (name.starts_with("involvedObject.")) events.field_names.push_back("regarding." + name.substr(15));
  events.field_names.emplace_back("reportingController");
  events.validate = validate_event;
  const auto translate = [](bool to_core, kube::SchemaPtr schema) {
    return [to_core, schema](Object o) {
      o = renamed(std::move(o), to_core);
      kube::normalize(*schema, o);
      return o;
    };
  };
  events.to_storage = translate(true, core.schema);
  events.from_storage = translate(false, events.schema);
  out.push_back(std::move(core));
  out.push_back(std::move(events));
}

}  // namespace spoke::cluster::kinds
