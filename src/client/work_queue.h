// Keys that need a look, each once however often it was named, looked at by one worker at a time. After a failure the
// key comes back later, with a growing pause.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/metrics.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::client {

class WorkQueue {
 public:
  // `reconcile(key)` answers when to look again without being told (nothing: only when told). What it throws is logged,
  // and the key is tried again after 5 ms, doubling up to 30 s, until it succeeds.
  using Reconcile = std::function<net::Task<std::optional<std::chrono::milliseconds>>(std::string key)>;

  WorkQueue(net::Executor executor, std::string name, size_t workers, Reconcile reconcile);
  ~WorkQueue();

  // What is urgent comes before all that is not; but that waits no longer than 30 s for it alone.
  enum class Urgency { Usual, Urgent };

  void add(const std::string& key, Urgency urgency = Urgency::Usual);
  void add_after(const std::string& key, std::chrono::milliseconds delay);  // the earliest of several wins
  bool calm() const;  // none has to wait for long: fewer do than there are workers
  // From now on `workqueue_*` of this controller's, by client-go's names, in a registry that lives longer than the
  // queue.
  void measure(metrics::Registry& registry, const std::string& controller);
  net::Task<> run();  // until cancelled

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace spoke::client
