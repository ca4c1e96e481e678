// Events: what a controller tells people about an object, as `kubectl describe` shows it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "client/api.h"
#include "net/task.h"

namespace spoke::client {

enum class EventType { Normal, Warning };

// What makes two events one with a higher count.
struct EventKey {
  std::string uid;  // of the object
  EventType type;
  std::string reason;
  std::string message;
  auto operator<=>(const EventKey&) const = default;
};

// A core/v1 Event about `object`, in its namespace ("default" for what has none). `name` is the event's own.
Object make_event(const Object& object, const EventKey& key, const std::string& name, const std::string& component,
                  const std::string& instance, Time now);

class EventRecorder {
 public:
  // `component` is who speaks ("spark-operator"), `instance` which of several (the host's or pod's name).
  EventRecorder(net::Executor executor, Api& api, std::string component, std::string instance);
  ~EventRecorder();

  // Never throws and never waits: events are sent by run(). What the API server refuses is logged and dropped, and so
  // is what comes while 10,000 are waiting.
  void record(const Object& object, EventType type, std::string_view reason, std::string_view message) noexcept;

  net::Task<> run();  // until cancelled
  // Sends what is waiting, for no longer than that; for the end of a program, when run() has ended.
  net::Task<> flush(std::chrono::milliseconds at_most = std::chrono::seconds(5));

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spoke::client
