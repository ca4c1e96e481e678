// An application, and pods of its, for the tests of decide().
#pragma once

#include "operator/decide.h"
#include "operator/ids.h"

namespace spoke::op {

inline const Time kNow = *parse_rfc3339("2026-03-01T12:00:00Z");
inline constexpr const char* kFresh = "ffffffff-0000-4000-8000-000000000000";

inline Application application(State state) {
  Application app;
  app.name = "pi";
  app.ns = "jobs";
  app.uid = "app-uid";
  app.resource_version = "7";
  app.status.state = state;
  app.spec = json::object{{"type", "Scala"},
                          {"sparkVersion", "4.1.4"},
                          {"image", "spark:4.1.4"},
                          {"mainClass", "Main"},
                          {"mainApplicationFile", "local:///a.jar"},
                          {"driver", json::object{}},
                          {"executor", json::object{}}};
  app.fingerprint = fingerprint(app.spec);
  if (state != State::New) {
    app.status.submission_id = with_fingerprint("0b9d1c9e-5a51-4f6e-9a3b-2f1d6f1f7a10", app.fingerprint);
    app.status.last_submission_attempt_time = kNow - std::chrono::seconds(60);
    app.status.submission_attempts = 1;
    app.status.execution_attempts = 1;
  }
  const bool between =
      state == State::New || state == State::PendingRerun || state == State::Suspended || state == State::Resuming;
  if (!between) {
    app.status.spark_application_id = "spark-1";
    app.status.driver.pod_name = "pi-driver";
    app.status.driver.web_ui_service_name = "pi-ui-svc";
  }
  if (state == State::Failing || state == State::Succeeding || is_final(state)) app.status.termination_time = kNow;
  return app;
}

inline DriverPod driver(std::string phase, std::optional<Terminated> terminated = std::nullopt) {
  return {
      .name = "pi-driver", .uid = "pod-uid", .app_id = "spark-1", .phase = std::move(phase), .terminated = terminated};
}

inline ExecutorPod executor(int id, std::string phase) {
  return {.name = "pi-exec-" + std::to_string(id), .id = id, .app_id = "spark-1", .phase = std::move(phase)};
}

inline State next_state(const Application& app, const Decision& d) {
  return d.status ? d.status->state : app.status.state;
}

inline std::vector<std::string> reasons(const Decision& d) {
  std::vector<std::string> out;
  for (const auto& event : d.events) out.push_back(event.reason);
  return out;
}

using Reasons = std::vector<std::string>;

}  // namespace spoke::op
