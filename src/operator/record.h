// Telling people of an application, or of a schedule.
#pragma once

#include <string_view>
#include <vector>

#include "client/events.h"
#include "operator/decide.h"
#include "operator/labels.h"

namespace spoke::op {

// `about` is an Application or a Scheduled.
template <class About>
void record(client::EventRecorder& recorder, std::string_view kind, const About& about,
            const std::vector<Event>& events, std::string_view api_version = kApiVersion) {
  if (events.empty()) return;
  const kube::Object object = json::object{{"apiVersion", api_version},
                                           {"kind", kind},
                                           {"metadata", json::object{{"name", about.name},
                                                                     {"namespace", about.ns},
                                                                     {"uid", about.uid},
                                                                     {"resourceVersion", about.resource_version}}}};
  for (const auto& event : events)
    recorder.record(object, event.warning ? client::EventType::Warning : client::EventType::Normal, event.reason,
                    event.message);
}

}  // namespace spoke::op
