// The API as far as a node sees it, in memory, for tests: objects by collection and key, merge patches, watches that
// never fall behind, and the graceful deletion of pods.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "client/api.h"
#include "net/async.h"

namespace spoke::cluster {

class FakeApi : public client::Api {
 public:
  explicit FakeApi(net::Executor executor) : executor_(std::move(executor)) {}

  net::Task<kube::Object> get(const client::Resource& r, std::string_view ns, std::string_view name) override {
    co_return at(r, ns, name);
  }

  net::Task<client::List> list(const client::Resource& r, std::string_view ns,
                               const client::ListOptions& options) override {
    client::List out;
    out.resource_version = std::to_string(revision_);
    for (const auto& [key, object] : objects_[r.plural]) {
      if ((ns.empty() || kube::ns(object) == ns) && selected(object, options.field_selector))
        out.items.push_back(object);
    }
    co_return out;
  }

  net::Task<kube::Object> create(const client::Resource& r, std::string_view ns, kube::Object object) override {
    co_return put_new(r, ns, std::move(object));
  }

  net::Task<kube::Object> update(const client::Resource& r, std::string_view ns, kube::Object object,
                                 std::string_view) override {
    at(r, ns, kube::name(object));
    co_return store(r, ns, std::move(object), client::WatchEvent::Type::Modified);
  }

  net::Task<kube::Object> patch(const client::Resource& r, std::string_view ns, std::string_view name,
                                client::PatchType, json::value body, const client::PatchOptions&) override {
    kube::Object object = at(r, ns, name);
    const auto uid = json::str(body, "metadata.uid");
    if (!uid.empty() && uid != kube::uid(object)) throw kube::conflict(r.group, r.plural, name, "the uid differs");
    merge(object, body);
    co_return store(r, ns, std::move(object), client::WatchEvent::Type::Modified);
  }

  net::Task<> remove(const client::Resource& r, std::string_view ns, std::string_view name,
                     const client::DeleteOptions& options) override {
    kube::Object object = at(r, ns, name);
    if (!options.uid.empty() && options.uid != kube::uid(object))
      throw kube::conflict(r.group, r.plural, name, "the uid differs");
    const long grace =
        options.grace_period_seconds.value_or(json::num(object, "spec.terminationGracePeriodSeconds", 30));
    if (r.plural == "pods" && grace > 0) {
      json::set(object, "metadata.deletionTimestamp", rfc3339(now() + std::chrono::seconds(grace)));
      json::set(object, "metadata.deletionGracePeriodSeconds", grace);
      store(r, ns, std::move(object), client::WatchEvent::Type::Modified);
      co_return;
    }
    objects_[r.plural].erase(key_of(ns, name));
    tell(r, client::WatchEvent::Type::Deleted, object);
  }

  net::Task<std::unique_ptr<client::Watch>> watch(const client::Resource& r, std::string_view ns,
                                                  const client::WatchOptions& options) override {
    auto feed = std::make_shared<Feed>(executor_, r.plural, std::string(ns), options.field_selector);
    feeds_.push_back(feed);
    co_return std::make_unique<FakeWatch>(std::move(feed));
  }

  // For tests, without awaiting.
  kube::Object put_new(const client::Resource& r, std::string_view ns, kube::Object object) {
    if (objects_[r.plural].contains(key_of(ns, kube::name(object))))
      throw kube::already_exists(r.group, r.plural, kube::name(object));
    if (!ns.empty()) json::set(object, "metadata.namespace", ns);
    if (kube::uid(object).empty()) json::set(object, "metadata.uid", random_uuid());
    json::set(object, "apiVersion", r.api_version());
    json::set(object, "kind", r.kind);
    return store(r, ns, std::move(object), client::WatchEvent::Type::Added);
  }
  const kube::Object* find(const client::Resource& r, std::string_view ns, std::string_view name) {
    const auto& all = objects_[r.plural];
    const auto found = all.find(key_of(ns, name));
    return found == all.end() ? nullptr : &found->second;
  }
  const std::map<std::string, kube::Object>& all(const client::Resource& r) { return objects_[r.plural]; }

 private:
  struct Feed {
    Feed(const net::Executor& executor, std::string p, std::string n, std::string f)
        : more(executor), plural(std::move(p)), ns(std::move(n)), field_selector(std::move(f)) {}
    net::Event more;
    std::string plural, ns, field_selector;
    std::deque<client::WatchEvent> events;
  };
  class FakeWatch : public client::Watch {
   public:
    explicit FakeWatch(std::shared_ptr<Feed> feed) : feed_(std::move(feed)) {}
    net::Task<std::optional<client::WatchEvent>> next() override {
      while (feed_->events.empty()) co_await feed_->more.wait();
      auto event = std::move(feed_->events.front());
      feed_->events.pop_front();
      co_return event;
    }

   private:
    std::shared_ptr<Feed> feed_;
  };

  static std::string key_of(std::string_view ns, std::string_view name) {
    return std::string(ns) + "/" + std::string(name);
  }

  static bool selected(const kube::Object& object, const std::string& field_selector) {
    const auto equals = field_selector.find('=');
    return equals == std::string::npos ||
           json::str(object, field_selector.substr(0, equals)) == field_selector.substr(equals + 1);
  }

  static void merge(json::value& into, const json::value& patch) {
    if (!patch.is_object()) {
      into = patch;
      return;
    }
    if (!into.is_object()) into = json::object{};
    for (const auto& [name, v] : patch.get_object()) {
      if (v.is_null()) {
        into.get_object().erase(name);
      } else {
        merge(into.get_object()[name], v);
      }
    }
  }

  kube::Object at(const client::Resource& r, std::string_view ns, std::string_view name) {
    const auto* object = find(r, ns, name);
    if (object == nullptr) throw kube::not_found(r.group, r.plural, name);
    return *object;
  }

  kube::Object store(const client::Resource& r, std::string_view ns, kube::Object object,
                     client::WatchEvent::Type type) {
    json::set(object, "metadata.resourceVersion", std::to_string(++revision_));
    objects_[r.plural][key_of(ns, kube::name(object))] = object;
    tell(r, type, object);
    return object;
  }

  void tell(const client::Resource& r, client::WatchEvent::Type type, const kube::Object& object) {
    for (const auto& weak : feeds_) {
      const auto feed = weak.lock();
      if (!feed || feed->plural != r.plural || (!feed->ns.empty() && feed->ns != kube::ns(object))) continue;
      if (!selected(object, feed->field_selector)) continue;
      feed->events.push_back({type, object});
      feed->more.notify();
    }
  }

  net::Executor executor_;
  long revision_ = 0;
  std::map<std::string, std::map<std::string, kube::Object>> objects_;  // by plural, then by namespace and name
  std::list<std::weak_ptr<Feed>> feeds_;
};

}  // namespace spoke::cluster
