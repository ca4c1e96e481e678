#include "client/events.h"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/heap.h"
#include "base/log.h"
#include "base/sha256.h"
#include "net/async.h"
#include "net/parallel.h"
#include "net/scope.h"

namespace spoke::client {
namespace {

constexpr size_t kMaxWaiting = 10'000;
// What they tell of comes before them: one is sent at a time, more only where they pile up.
constexpr size_t kMostSenders = 4;
constexpr size_t kPile = 1500;
constexpr size_t kMaxRemembered = 4096;  // as client-go's event cache
constexpr size_t kMaxMessage = 1024;     // bytes; what events.k8s.io allows a note

// Cuts between characters, not inside of one: the API server refuses broken UTF-8.
std::string shortened(std::string_view message) {
  if (message.size() <= kMaxMessage) return std::string(message);
  size_t end = kMaxMessage - 3;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;
  return std::string(message.substr(0, end)) + "...";
}

}  // namespace

Object make_event(const Object& object, const EventKey& key, const std::string& name, const std::string& component,
                  const std::string& instance, Time now) {
  const std::string ns(kube::ns(object).empty() ? "default" : kube::ns(object));
  const std::string time = rfc3339(now);
  json::object about{{"apiVersion", json::str(object, "apiVersion")},
                     {"kind", kube::kind(object)},
                     {"name", kube::name(object)},
                     {"uid", kube::uid(object)}};
  if (!kube::ns(object).empty()) about["namespace"] = kube::ns(object);
  if (!kube::resource_version(object).empty()) about["resourceVersion"] = kube::resource_version(object);
  return json::object{{"apiVersion", "v1"},
                      {"kind", "Event"},
                      {"metadata", json::object{{"name", name}, {"namespace", ns}}},
                      {"involvedObject", std::move(about)},
                      {"type", key.type == EventType::Warning ? "Warning" : "Normal"},
                      {"reason", key.reason},
                      {"message", key.message},
                      {"count", 1},
                      {"firstTimestamp", time},
                      {"lastTimestamp", time},
                      {"eventTime", nullptr},
                      {"source", json::object{{"component", component}}},
                      {"reportingComponent", component},
                      {"reportingInstance", instance}};
}

struct EventRecorder::Impl {
  // Thousands may wait, and thousands are remembered: of each there is one key, in its list, and what is needed to say
  // it.
  struct Waiting {
    EventKey key;
    std::string api_version, kind, ns, name, resource_version;  // of the object
    Time at;
    std::int64_t count = 1;  // how often it was recorded since it began to wait
  };
  // An event that was sent: of its key no more than tells it from others, and apart from the burst that it came of.
  struct Sent {
    std::string print;
    LastingText ns, name;
    std::int64_t count = 0;
  };
  using SentList = std::list<Sent, Lasting<Sent>>;
  struct ByValue {
    bool operator()(const EventKey* a, const EventKey* b) const { return *a < *b; }
  };
  using Index = std::map<const EventKey*, std::list<Waiting>::iterator, ByValue>;

  Impl(net::Executor executor, Api& a, std::string c, std::string i)
      : api(a), component(std::move(c)), instance(std::move(i)), more(std::move(executor)) {}

  void record(const Object& object, EventType type, std::string_view reason, std::string_view message) {
    EventKey key{std::string(kube::uid(object)), type, std::string(reason), shortened(message)};
    if (const auto same = by_key.find(&key); same != by_key.end()) {
      ++same->second->count;
      same->second->at = now();
      return;
    }
    if (waiting.size() >= kMaxWaiting) {
      ++dropped;
      return;
    }
    put(waiting.end(), {.key = std::move(key),
                        .api_version = std::string(json::str(object, "apiVersion")),
                        .kind = std::string(kube::kind(object)),
                        .ns = std::string(kube::ns(object)),
                        .name = std::string(kube::name(object)),
                        .resource_version = std::string(kube::resource_version(object)),
                        .at = now()});
    more.notify();
  }

  void put(std::list<Waiting>::iterator before, Waiting event) {
    const auto it = waiting.insert(before, std::move(event));
    by_key.emplace(&it->key, it);
  }

  // The first, but for those that are being sent already: the next of those only raises its count.
  std::optional<Waiting> take() {
    for (auto it = waiting.begin(); it != waiting.end(); ++it) {
      if (sending.contains(it->key)) continue;
      by_key.erase(&it->key);
      Waiting out = std::move(*it);
      waiting.erase(it);
      return out;
    }
    return std::nullopt;
  }

  net::Task<> send_waiting() {
    std::vector<net::Task<>> senders;
    for (size_t i = 0; i < std::min(1 + waiting.size() / kPile, kMostSenders); ++i) senders.push_back(send_some());
    for (const auto& thrown : co_await net::all_of(std::move(senders)))
      if (thrown) std::rethrow_exception(thrown);
    tell_dropped();
  }

  net::Task<> send_some() {
    while (auto next = take()) {
      sending.insert(next->key);
      std::exception_ptr failure;
      try {
        co_await send(*next);
      } catch (const std::exception& e) {
        failure = std::current_exception();
        if (!net::is_cancelled(e))
          log::warn("an event is lost", "object", fmt::format("{}/{}", next->ns, next->name), "reason",
                    next->key.reason, "error", e.what());
      }
      sending.erase(next->key);
      if (failure) give_back(std::move(*next), failure);
    }
  }

  // What was interrupted is for flush().
  void give_back(Waiting event, const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      if (!net::is_cancelled(e)) return;
      if (!by_key.contains(&event.key)) put(waiting.begin(), std::move(event));
      throw;
    }
  }

  // One line for a flood, not one for each of its events.
  void tell_dropped() {
    if (dropped > 0) log::warn("too many events were waiting, some are lost", "lost", std::exchange(dropped, 0U));
  }

  net::Task<> send(const Waiting& event) {
    const std::string print = print_of(event.key);
    if (const auto known = sent_by_print.find(print); known != sent_by_print.end()) {
      Sent before = *known->second;  // others that are sent meanwhile may take its place
      const json::value body =
          json::object{{"count", before.count + event.count}, {"lastTimestamp", rfc3339(event.at)}};
      bool there = true;
      try {
        co_await api.patch(resources::events, before.ns, before.name, PatchType::Merge, body, PatchOptions{});
      } catch (const kube::StatusError& e) {
        if (e.code() != 404) throw;
        there = false;  // events live for an hour
      }
      forget(print);
      if (there) {
        before.count += event.count;
        remember(std::move(before));
        co_return;
      }
    }
    // The name is client-go's: the object's, a dot, the time in hexadecimal nanoseconds.
    const std::string name = fmt::format(
        "{}.{:x}", event.name,
        std::chrono::duration_cast<std::chrono::nanoseconds>(event.at.time_since_epoch()).count() + (++serial % 1000));
    const Object about = json::object{{"apiVersion", event.api_version},
                                      {"kind", event.kind},
                                      {"metadata", json::object{{"name", event.name},
                                                                {"namespace", event.ns},
                                                                {"uid", event.key.uid},
                                                                {"resourceVersion", event.resource_version}}}};
    Object object = make_event(about, event.key, name, component, instance, event.at);
    json::set(object, "count", event.count);
    const std::string ns(kube::ns(object));
    co_await api.create(resources::events, ns, std::move(object));
    remember({print, lasting(ns), lasting(name), event.count});
  }

  // 60 bits, and as many letters as a text holds without memory of its own.
  static std::string print_of(const EventKey& key) {
    return sha256_hex(fmt::format("{}\n{}\n{}\n{}", key.uid, static_cast<int>(key.type), key.reason, key.message))
        .substr(0, 15);
  }

  void remember(Sent event) {
    sent.push_back(std::move(event));
    sent_by_print[lasting(sent.back().print)] = std::prev(sent.end());
    if (sent.size() > kMaxRemembered) forget(std::string(sent.front().print));
  }

  void forget(const std::string& print) {
    const auto it = sent_by_print.find(print);
    if (it == sent_by_print.end()) return;
    const auto there = it->second;
    sent_by_print.erase(it);
    sent.erase(there);
  }

  net::Task<> send_and_tell(net::Event& done) {
    co_await send_waiting();
    done.notify();
  }

  Api& api;
  std::string component, instance;
  net::Event more;
  std::list<Waiting> waiting;
  Index by_key;
  std::set<EventKey> sending;
  SentList sent;  // the one longest unused first
  LastingMap<SentList::iterator> sent_by_print;
  size_t dropped = 0;   // since the queue was last empty
  unsigned serial = 0;  // tells events of one microsecond apart
};

EventRecorder::EventRecorder(net::Executor executor, Api& api, std::string component, std::string instance)
    : impl_(std::make_unique<Impl>(std::move(executor), api, std::move(component), std::move(instance))) {}
EventRecorder::~EventRecorder() = default;

void EventRecorder::record(const Object& object, EventType type, std::string_view reason,
                           std::string_view message) noexcept {
  try {
    impl_->record(object, type, reason, message);
  } catch (const std::exception& e) {
    log::warn("an event is lost", "reason", reason, "error", e.what());
  }
}

net::Task<> EventRecorder::run() {
  for (;;) {
    co_await impl_->send_waiting();
    co_await impl_->more.wait();
  }
}

net::Task<> EventRecorder::flush(std::chrono::milliseconds at_most) {
  const net::Executor executor = co_await net::this_executor();
  net::Scope scope(executor);
  net::Event done(executor);
  scope.spawn("events", impl_->send_and_tell(done));
  co_await done.wait_for(at_most);
  co_await scope.close();
  if (!impl_->waiting.empty()) log::warn("events are left unsaid at the end", "count", impl_->waiting.size());
}

}  // namespace spoke::client
