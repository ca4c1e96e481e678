// SparkConnects: watches them and what was made of them, decides (operator/connect.h), and does what was decided.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/events.h"
#include "client/informer.h"
#include "client/work_queue.h"
#include "net/scope.h"
#include "operator/connect.h"

namespace spoke::op {

class Connects {
 public:
  // `namespaces`: whose; empty: all. `keep`: which of them; not set: all.
  Connects(net::Executor executor, client::Api& api, client::EventRecorder& events,
           const std::vector<std::string>& namespaces, const std::function<bool(const kube::Object&)>& keep);

  void measure(metrics::Registry& registry) { queue_.measure(registry, "spark-connect-controller"); }
  bool synced() const;
  void watch(net::Scope& scope);
  net::Task<> run();  // until cancelled

 private:
  using Informers = std::vector<std::unique_ptr<client::Informer>>;
  net::Task<std::optional<net::Millis>> reconcile(std::string key);
  net::Task<bool> carry_out(const kube::Object& connect, const ConnectDecision& decision);
  ConnectSeen see(const std::string& key) const;
  void made_changed(const kube::Object* before, const kube::Object* after);

  client::Api& api_;
  client::EventRecorder& events_;
  client::WorkQueue queue_;
  Informers connects_, made_;
  // What was made of each, by its kind and name: pods with executors, Services, ConfigMaps.
  std::map<std::string, std::map<std::string, const kube::Object*>> made_of_;
};

}  // namespace spoke::op
