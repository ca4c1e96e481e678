#include "cluster/control/watch_kinds.h"

#include <algorithm>

#include "base/log.h"

namespace spoke::cluster {

using net::Task;

namespace {

// "core/pods/NAMESPACE/NAME"
std::string namespace_of(std::string_view key, std::string_view prefix) {
  const std::string_view rest = key.substr(prefix.size());
  return std::string(rest.substr(0, rest.find('/')));
}

}  // namespace

Task<> watch_namespaces(Registry& registry, std::vector<std::string> prefixes,
                        std::function<Task<>(std::string)> look) {
  Store& store = registry.store();
  for (;;) {
    auto events = store.subscribe("", store.revision());
    std::set<std::string> namespaces;
    for (const auto& prefix : prefixes)
      for (const auto& [key, entry] : store.range(prefix)) namespaces.insert(namespace_of(key, prefix));
    try {
      for (;;) {
        for (const auto& ns : namespaces) try {
            co_await look(ns);
          } catch (const kube::StatusError& e) {
            log::debug("a controller's look at a namespace", "namespace", ns, "error", e.what());  // it goes, mostly
          }
        namespaces.clear();
        for (const Event* event : co_await events->next())
          for (const auto& prefix : prefixes)
            if (event->key.starts_with(prefix)) namespaces.insert(namespace_of(event->key, prefix));
      }
    } catch (const kube::StatusError& e) {
      if (!e.is("Expired")) throw;  // the window has moved on: begin from the whole again
    }
  }
}

}  // namespace spoke::cluster
