// Streams: a watch as chunked JSON or as WebSocket messages, a log as text.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cluster/api/present.h"
#include "cluster/api/reader.h"
#include "cluster/api/registry.h"
#include "net/http_server.h"

namespace spoke::cluster {

struct WatchQuery {
  Selection selection;
  std::string resource_version;
  bool bookmarks = false;
  std::optional<bool> initial_events;  // sendInitialEvents
  std::chrono::seconds timeout{0};     // 0: as long as the client stays, at most an hour
};

// Runs until the client goes, the time is over, or the watcher is too far behind (an ERROR event says so).
net::Task<> stream_watch(net::Executor executor, net::Exchange& exchange, Store& store, const ResourceType& type,
                         Form form, WatchQuery query, std::shared_ptr<const ResourceType> owner);

// `produce` writes the log; the answer begins with its first piece, so that a refusal before it can still be a Status.
net::Task<> stream_log(net::Executor executor, net::Exchange& exchange,
                       std::function<net::Task<>(std::function<net::Task<>(std::string_view)>)> produce);

// Gives a pod to a node (the binding subresource).
net::Task<> bind(Registry& registry, std::string ns, std::string pod, std::string node);

}  // namespace spoke::cluster
