// The loop that level-based controllers share: look at namespaces in which something of theirs has changed.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "cluster/api/registry.h"
#include "net/task.h"

namespace spoke::cluster {

// Calls `look` for each namespace that has keys under one of `prefixes` ("core/pods/"), then again for those in which
// an object under one of them changes. What goes wrong with one namespace is logged and does not stop the rest. Runs
// until cancelled.
net::Task<> watch_namespaces(Registry& registry, std::vector<std::string> prefixes,
                             std::function<net::Task<>(std::string ns)> look);

// The same for who also has to look after some time, whatever happens: `look` answers after which.
net::Task<> watch_namespaces(Registry& registry, std::vector<std::string> prefixes,
                             std::function<net::Task<std::optional<Duration>>(std::string ns)> look);

}  // namespace spoke::cluster
