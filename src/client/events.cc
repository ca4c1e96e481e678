#include "client/events.h"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/log.h"
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
  struct Waiting {
    EventKey key;
    Object object;
    Time at;
    std::int64_t count;  // how often it was recorded since it began to wait
  };
  // An event that was sent.
  struct Sent {
    std::string ns, name;
    std::int64_t count = 0;
    std::list<EventKey>::iterator age;
  };

  Impl(net::Executor executor, Api& a, std::string c, std::string i)
      : api(a), component(std::move(c)), instance(std::move(i)), more(std::move(executor)) {}

  void record(const Object& object, EventType type, std::string_view reason, std::string_view message) {
    EventKey key{std::string(kube::uid(object)), type, std::string(reason), shortened(message)};
    if (const auto same = by_key.find(key); same != by_key.end()) {
      ++same->second->count;
      same->second->at = now();
      return;
    }
    if (waiting.size() >= kMaxWaiting) {
      ++dropped;
      return;
    }
    json::object about{{"apiVersion", json::str(object, "apiVersion")}, {"kind", kube::kind(object)}};
    about["metadata"] = json::object{{"name", kube::name(object)},
                                     {"namespace", kube::ns(object)},
                                     {"uid", kube::uid(object)},
                                     {"resourceVersion", kube::resource_version(object)}};
    put(waiting.end(), {std::move(key), std::move(about), now(), 1});
    more.notify();
  }

  void put(std::list<Waiting>::iterator before, Waiting event) {
    const auto it = waiting.insert(before, std::move(event));
    by_key.emplace(it->key, it);
  }

  // The first, but for those that are being sent already: the next of those only raises its count.
  std::optional<Waiting> take() {
    for (auto it = waiting.begin(); it != waiting.end(); ++it) {
      if (sending.contains(it->key)) continue;
      Waiting out = std::move(*it);
      by_key.erase(out.key);
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
          log::warn("an event is lost", "object", kube::key(next->object), "reason", next->key.reason, "error",
                    e.what());
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
      if (!by_key.contains(event.key)) put(waiting.begin(), std::move(event));
      throw;
    }
  }

  // One line for a flood, not one for each of its events.
  void tell_dropped() {
    if (dropped > 0) log::warn("too many events were waiting, some are lost", "lost", std::exchange(dropped, 0U));
  }

  net::Task<> send(const Waiting& event) {
    if (const auto known = sent.find(event.key); known != sent.end()) {
      Sent& before = known->second;
      const json::value body =
          json::object{{"count", before.count + event.count}, {"lastTimestamp", rfc3339(event.at)}};
      bool there = true;
      try {
        co_await api.patch(resources::events, before.ns, before.name, PatchType::Merge, body, PatchOptions{});
      } catch (const kube::StatusError& e) {
        if (e.code() != 404) throw;
        there = false;  // events live for an hour
      }
      if (there) {
        before.count += event.count;
        ages.splice(ages.end(), ages, before.age);
        co_return;
      }
      forget(event.key);
    }
    // The name is client-go's: the object's, a dot, the time in hexadecimal nanoseconds.
    const std::string name = fmt::format(
        "{}.{:x}", kube::name(event.object),
        std::chrono::duration_cast<std::chrono::nanoseconds>(event.at.time_since_epoch()).count() + (++serial % 1000));
    Object object = make_event(event.object, event.key, name, component, instance, event.at);
    json::set(object, "count", event.count);
    const std::string ns(kube::ns(object));
    co_await api.create(resources::events, ns, std::move(object));
    remember(event.key, ns, name, event.count);
  }

  void remember(const EventKey& key, const std::string& ns, const std::string& name, std::int64_t count) {
    ages.push_back(key);
    sent[key] = {ns, name, count, std::prev(ages.end())};
    if (sent.size() > kMaxRemembered) forget(EventKey(ages.front()));
  }

  void forget(const EventKey& key) {
    const auto it = sent.find(key);
    if (it == sent.end()) return;
    const auto age = it->second.age;
    sent.erase(it);
    ages.erase(age);
  }

  Api& api;
  std::string component, instance;
  net::Event more;
  std::list<Waiting> waiting;
  std::map<EventKey, std::list<Waiting>::iterator> by_key;  // of `waiting`
  std::set<EventKey> sending;
  std::map<EventKey, Sent> sent;
  std::list<EventKey> ages;  // of `sent`, the one longest unused first
  size_t dropped = 0;        // since the queue was last empty
  unsigned serial = 0;       // tells events of one microsecond apart
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

net::Task<> EventRecorder::flush() { co_await impl_->send_waiting(); }

}  // namespace spoke::client
