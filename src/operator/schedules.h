// Schedules: watches ScheduledSparkApplications, decides (operator/scheduled.h), and makes and removes their runs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/events.h"
#include "client/informer.h"
#include "client/work_queue.h"
#include "net/scope.h"
#include "operator/run_index.h"

namespace spoke::op {

class Schedules {
 public:
  // `namespaces`: whose; empty: all. `keep`: which of them; not set: all.
  Schedules(net::Executor executor, client::Api& api, client::EventRecorder& events,
            const std::vector<std::string>& namespaces, const std::function<bool(const kube::Object&)>& keep,
            Precision precision);

  void measure(metrics::Registry& registry) { queue_.measure(registry, "scheduled-spark-application-controller"); }

  void application_changed(const kube::Object* before, const kube::Object* after);
  bool synced() const;
  void watch(net::Scope& scope);
  net::Task<> run();  // until cancelled, once all is synced

 private:
  net::Task<std::optional<net::Millis>> reconcile(std::string key);
  net::Task<ScheduleDecision> make(const Scheduled& scheduled, ScheduleDecision decision);

  client::Api& api_;
  client::EventRecorder& events_;
  const Precision precision_;
  client::WorkQueue queue_;
  std::vector<std::unique_ptr<client::Informer>> informers_;
  RunIndex runs_;
};

}  // namespace spoke::op
