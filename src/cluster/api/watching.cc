#include "cluster/api/watching.h"

#include <boost/asio/this_coro.hpp>

#include "base/strings.h"
#include "cluster/api/api_request.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {

using net::Task;

namespace {

constexpr std::chrono::seconds kBookmarkEvery{60};
constexpr std::chrono::seconds kLongest{3600};

std::string event_line(std::string_view type, std::string_view object) {
  std::string out = R"({"type":")";
  out += type;
  out += R"(","object":)";
  out += object;
  out += '}';
  return out;
}

std::string bookmark(const ResourceType& type, Revision revision, bool end_of_initial) {
  json::object metadata{{"resourceVersion", std::to_string(revision)}};
  if (end_of_initial) metadata["annotations"] = json::object{{"k8s.io/initial-events-end", "true"}};
  return json::dump(
      json::object{{"kind", type.id.kind}, {"apiVersion", type.id.api_version()}, {"metadata", std::move(metadata)}});
}

// Writes lines of a chunked answer, or messages of a WebSocket.
class Sink {
 public:
  Sink(net::Exchange& exchange, bool socket) : exchange_(exchange), socket_(socket) {}
  Task<> send(std::vector<std::string> events) {
    if (socket_) {
      for (const auto& e : events) co_await exchange_.write(e);
      co_return;
    }
    std::string lines;
    for (const auto& e : events) lines += e + "\n";
    if (!lines.empty()) co_await exchange_.write(lines);
  }

 private:
  net::Exchange& exchange_;
  bool socket_;
};

struct Watcher {
  net::Exchange& exchange;
  Store& store;
  const ResourceType& type;
  Form form;
  WatchQuery query;
  bool socket;
  bool header = true;  // Tables: column definitions go out once

  std::string line(std::string_view event, const std::string& body) {
    return event_line(event, present(type, form, body, std::exchange(header, false)));
  }

  // Ends the stream while its reader still listens: a WebSocket says goodbye and hears it.
  Task<> run() {
    co_await events();
    co_await exchange.finish();
  }

  Task<> events() {
    Sink sink(exchange, socket);
    const std::string prefix = type.prefix(query.selection.ns);
    std::unique_ptr<Subscription> changes;
    const bool from_now =
        query.resource_version.empty() || query.resource_version == "0" || query.initial_events.value_or(false);
    std::string failure;
    try {
      const Revision from = from_now ? store.revision() : to_int(query.resource_version).value_or(-1);
      changes = store.subscribe(prefix, from);
    } catch (const kube::StatusError& e) {
      failure = event_line("ERROR", json::dump(e.to_json()));
    }
    if (!failure.empty()) {
      co_await sink.send({failure});
      co_return;
    }
    if (from_now && query.initial_events.value_or(true)) {
      std::vector<std::string> first;
      for (const auto& [key, entry] : store.range(prefix))
        if (query.selection.matches(entry)) first.push_back(line("ADDED", *entry.body));
      if (query.initial_events.value_or(false) && query.bookmarks)
        first.push_back(event_line("BOOKMARK", bookmark(type, store.revision(), true)));
      co_await sink.send(std::move(first));
    }
    const auto end =
        std::chrono::steady_clock::now() + (query.timeout.count() > 0 ? std::min(query.timeout, kLongest) : kLongest);
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (left.count() <= 0) co_return;
      std::vector<std::string> lines;
      bool over = false;
      try {
        const auto batch = co_await changes->next_for(std::min<std::chrono::milliseconds>(left, kBookmarkEvery));
        for (const Event* event : batch)
          if (const Seen seen = seen_as(*event, query.selection); !seen.type.empty())
            lines.push_back(line(seen.type, seen.body));
        if (batch.empty() && query.bookmarks)
          lines.push_back(event_line("BOOKMARK", bookmark(type, changes->progress(), false)));
      } catch (const kube::StatusError& e) {
        lines.push_back(event_line("ERROR", json::dump(e.to_json())));
        over = true;
      }
      co_await sink.send(std::move(lines));
      if (over) co_return;
    }
  }
};

// Runs `work` until it is done or the client has gone.
Task<> while_there(net::Executor executor, net::Exchange& exchange, Task<> work) {
  net::Scope scope(executor);
  net::Event over(executor);
  std::exception_ptr failure;
  scope.spawn("stream", [](Task<> w, net::Event& done, std::exception_ptr& failed) -> Task<> {
    try {
      co_await std::move(w);
    } catch (...) {
      failed = std::current_exception();
    }
    done.notify();
  }(std::move(work), over, failure));
  bool gone = false;
  scope.spawn("client", [](net::Exchange& x, net::Event& done, bool& left) -> Task<> {
    co_await x.until_gone();
    left = true;
    done.notify();
  }(exchange, over, gone));
  std::exception_ptr cancelled;
  try {
    co_await over.wait();
  } catch (...) {
    cancelled = std::current_exception();
  }
  // A cancelled coroutine cannot await; the tasks end by themselves then, and the scope must not outlive its frame.
  if (cancelled) {
    co_await boost::asio::this_coro::reset_cancellation_state();
    co_await scope.close();
    std::rethrow_exception(cancelled);
  }
  co_await scope.close();
  if (gone) throw net::ConnectionError("the client has gone");
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

Task<> stream_watch(net::Executor executor, net::Exchange& exchange, Store& store, const ResourceType& type, Form form,
                    WatchQuery query, std::shared_ptr<const ResourceType> owner) {
  const bool socket = exchange.wants_websocket();
  if (socket) {
    co_await exchange.accept_websocket("", net::Exchange::Messages::Text);
  } else {
    net::Response head = json_response(200, "");
    if (!type.deprecated.empty()) add_warning(head, type.deprecated);
    co_await exchange.begin(head.status, std::move(head.headers));
  }
  Watcher watcher{exchange, store, type, form, std::move(query), socket};
  co_await while_there(std::move(executor), exchange, watcher.run());
  owner.reset();
}

Task<> stream_log(net::Executor executor, net::Exchange& exchange,
                  std::function<Task<>(std::function<Task<>(std::string_view)>)> produce) {
  bool begun = false;
  const auto write = [&exchange, &begun](std::string_view piece) -> Task<> {
    if (!begun) {
      begun = true;
      co_await exchange.begin(200, {{"Content-Type", "text/plain"}, {"Cache-Control", "no-cache, private"}});
    }
    co_await exchange.write(piece);
  };
  co_await while_there(std::move(executor), exchange, produce(write));
  if (begun) co_return co_await exchange.finish();
  co_await exchange.respond({200, {{"Content-Type", "text/plain"}, {"Cache-Control", "no-cache, private"}}, ""});
}

Task<> bind(Registry& registry, std::string ns, std::string pod, std::string node) {
  const ResourceType& type = *registry.catalog().find("", "v1", "pods");
  Object object = registry.current(type, ns, pod);
  if (kube::deleting(object))
    throw kube::conflict("", "pods/binding", pod, "pod " + pod + " is being deleted, cannot be assigned to a host");
  if (!json::str(object, "spec.nodeName").empty())
    throw kube::conflict(
        "", "pods/binding", pod,
        fmt::format("pod {} is already assigned to node \"{}\"", pod, json::str(object, "spec.nodeName")));
  json::set(object, "spec.nodeName", node);
  if (!json::list(object, "spec.schedulingGates").empty())
    throw kube::conflict("", "pods/binding", pod, "pod " + pod + " has non-empty .spec.schedulingGates");
  kube::set_condition(object, "PodScheduled", "True", "", "", rfc3339(now()));
  co_await registry.place(type, std::move(ns), std::move(pod), std::move(object));
}

}  // namespace spoke::cluster
