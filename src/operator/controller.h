// The controller of applications: watches them and their pods, decides (operator/decide.h), and does what was decided.
// Beside it, schedules and Connect servers have theirs.
//
// It looks at an application when the application or one of its pods has changed, at all that there is then: nothing
// depends on having seen every event. Status is written as a patch of what has changed, with the resourceVersion that
// was read as a precondition; on a conflict the application is looked at again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "client/api.h"
#include "client/events.h"
#include "client/informer.h"
#include "client/work_queue.h"
#include "operator/connects.h"
#include "operator/decide.h"
#include "operator/metrics.h"
#include "operator/pod_index.h"
#include "operator/scheduled.h"
#include "operator/schedules.h"
#include "operator/submit.h"

namespace spoke::op {

struct ControllerOptions {
  std::vector<std::string> namespaces;     // whose applications; empty: all
  size_t workers = 32;                     // applications under way at a time; each mostly waits for the API server
  std::string instance = "spoke";          // who of several operators this is, in events
  Precision run_names = Precision::Nanos;  // of the time in the name of a schedule's run
  Settings settings;
  MetricsOptions metrics;
};

class Controller {
 public:
  // What `keep` does not take is not there for it; not set: it takes all. `options` and `registry` live longer.
  Controller(net::Executor executor, client::Api& api, const ControllerOptions& options, metrics::Registry& registry,
             std::function<bool(const kube::Object&)> keep = {});
  net::Task<> run();  // until cancelled

 private:
  net::Task<std::optional<net::Millis>> reconcile(std::string key);
  net::Task<Decision> next(const Application& app);
  net::Task<Decision> submit_step(const Application& app, const Plan& plan);
  void follow_on(const Application& app, Decision& decision) const;
  net::Task<std::optional<net::Millis>> serve_when_calm(std::string key);
  net::Task<Wrote> write(Application& app, const Status& status);
  net::Task<> ask_for_driver(Observed& seen, const Application& app);
  net::Task<> remove_application(const Application& app);
  net::Task<> give_memory_back();
  std::optional<kube::Object> cached(const std::string& key) const;
  std::optional<Application> find(const std::string& key);
  std::optional<Application> find_newest(const std::string& key);
  Observed observe(const Application& app) const;

  void application_changed(const std::optional<kube::Object>& before, const std::optional<kube::Object>& after);
  void pod_changed(const Pod* before, const Pod* after);
  void watch(const std::string& ns);
  bool synced() const;

  // A status that was written, until the cache has it: what is found there under one of these versions is out of date.
  struct Written {
    std::set<std::string> outdated;
    Application application;
  };

  client::Api& api_;
  const ControllerOptions& options_;
  std::function<bool(const kube::Object&)> keep_;
  ApplicationMetrics metrics_;
  client::EventRecorder events_;
  client::WorkQueue queue_, unserved_;
  Schedules schedules_;
  Connects connects_;
  // As text: of the thousands few are looked at, and a tree takes three times as much.
  std::vector<std::unique_ptr<client::InformerOf<LastingText>>> applications_;
  PodReader pod_reader_;
  std::vector<std::unique_ptr<client::InformerOf<Pod>>> pods_;
  PodIndex index_;
  std::map<std::string, Written> written_;
  std::map<std::string, std::string> edited_;  // of other operators' attempts: by application, submission id
  // Of attempts whose drivers are made, which status does not say yet: their submission ids, by application.
  std::map<std::string, std::string> drivers_;
};

}  // namespace spoke::op
