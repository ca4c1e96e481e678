#include "cluster/control/watch_kinds.h"

#include <algorithm>
#include <map>

#include "base/log.h"

namespace spoke::cluster {

using net::Task;

namespace {

// "core/pods/NAMESPACE/NAME"
std::string namespace_of(std::string_view key, std::string_view prefix) {
  const std::string_view rest = key.substr(prefix.size());
  return std::string(rest.substr(0, rest.find('/')));
}

// The next events, or none when the first of the namespaces is due.
Task<std::vector<const Event*>> next(Subscription& events, const std::map<std::string, Time>& due) {
  if (due.empty()) co_return co_await events.next();
  const auto first = std::ranges::min_element(due, {}, [](const auto& d) { return d.second; })->second;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(first - now());
  if (wait.count() <= 0) co_return events.poll();
  co_return co_await events.next_for(wait);
}

}  // namespace

Task<> watch_namespaces(Registry& registry, std::vector<std::string> prefixes,
                        std::function<Task<>(std::string)> look) {
  std::function<Task<std::optional<Duration>>(std::string)> once =
      [&look](std::string ns) -> Task<std::optional<Duration>> {
    co_await look(std::move(ns));
    co_return std::nullopt;
  };
  co_await watch_namespaces(registry, std::move(prefixes), std::move(once));
}

Task<> watch_namespaces(Registry& registry, std::vector<std::string> prefixes,
                        std::function<Task<std::optional<Duration>>(std::string)> look) {
  Store& store = registry.store();
  for (;;) {
    auto events = store.subscribe("", store.revision());
    std::set<std::string> namespaces;
    std::map<std::string, Time> due;
    for (const auto& prefix : prefixes)
      for (const auto& [key, entry] : store.range(prefix)) namespaces.insert(namespace_of(key, prefix));
    try {
      for (;;) {
        for (const auto& ns : namespaces) try {
            due.erase(ns);
            if (const auto again = co_await look(ns)) due[ns] = now() + *again;
          } catch (const kube::StatusError& e) {
            log::debug("a controller's look at a namespace", "namespace", ns, "error", e.what());  // it goes, mostly
          }
        namespaces.clear();
        for (const Event* event : co_await next(*events, due))
          for (const auto& prefix : prefixes)
            if (event->key.starts_with(prefix)) namespaces.insert(namespace_of(event->key, prefix));
        for (const auto& [ns, time] : due)
          if (time <= now()) namespaces.insert(ns);
      }
    } catch (const kube::StatusError& e) {
      if (!e.is("Expired")) throw;  // the window has moved on: begin from the whole again
    }
  }
}

}  // namespace spoke::cluster
