// An API server in a map, for tests of a controller's edge: it keeps objects, versions and a log of changes to watch,
// and it can be cut off at any request. It validates nothing and collects no garbage; what the server itself does is
// for tests with the embedded cluster.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/api.h"
#include "kube/patch.h"
#include "kube/selector.h"
#include "net/async.h"
#include "net/http.h"

namespace spoke::client::testing {

using kube::Object;
using net::Task;

class MapApi : public Api {
 public:
  std::vector<std::string> writes;  // "POST /api/v1/namespaces/jobs/pods/pi-driver", without events
  // At the write of this number (from 0) the line goes dead, and stays so until revive().
  int cut_at = -1;
  bool cut_after = false;  // the write was done, only its answer is lost
  bool cut = false;
  std::function<void(const Resource&, const Object&)> admit;  // may throw StatusError for an object to be created

  void revive() {
    cut = false;
    cut_at = -1;
  }

  // As a user, or a kubelet.
  Object put(const Resource& resource, Object object) {
    const std::string path = resource.path(kube::ns(object), kube::name(object));
    const bool fresh = !objects_.contains(path);
    if (fresh) json::set(object, "metadata.uid", json::value(fmt::format("uid-{}", ++last_uid_)));
    json::set(object, "metadata.resourceVersion", json::value(std::to_string(++version_)));
    objects_[path] = object;
    log_.push_back({resource, fresh ? WatchEvent::Type::Added : WatchEvent::Type::Modified, object});
    wake();
    return object;
  }
  void erase(const Resource& resource, const std::string& ns, const std::string& name) {
    const auto found = objects_.find(resource.path(ns, name));
    if (found == objects_.end()) return;
    Object object = std::move(found->second);
    objects_.erase(found);
    json::set(object, "metadata.resourceVersion", json::value(std::to_string(++version_)));
    log_.push_back({resource, WatchEvent::Type::Deleted, std::move(object)});
    wake();
  }
  const Object* find(const Resource& resource, const std::string& ns, const std::string& name) const {
    const auto found = objects_.find(resource.path(ns, name));
    return found == objects_.end() ? nullptr : &found->second;
  }
  std::vector<Object> all(const Resource& resource) const {
    std::vector<Object> out;
    for (const auto& [path, object] : objects_)
      if (kube::kind(object) == resource.kind) out.push_back(object);
    return out;
  }

  Task<Object> get(const Resource& resource, std::string_view ns, std::string_view name) override {
    if (cut) throw net::ConnectionError("cut off");
    co_return need(resource, ns, name);
  }

  Task<List> list(const Resource& resource, std::string_view ns, const ListOptions& options) override {
    if (cut) throw net::ConnectionError("cut off");
    List out{.resource_version = std::to_string(version_)};
    const auto selector = kube::LabelSelector::parse(options.label_selector);
    for (const auto& object : all(resource))
      if ((ns.empty() || kube::ns(object) == ns) && selector.matches(kube::labels_of(object)))
        out.items.push_back(object);
    co_return out;
  }

  Task<Object> create(const Resource& resource, std::string_view ns, Object object) override {
    const Line line(*this, resource, "POST", ns, kube::name(object));
    if (admit) admit(resource, object);  // as quotas: before it is known whether there is one
    if (objects_.contains(resource.path(ns, kube::name(object))))
      throw kube::already_exists(resource.group, resource.plural, kube::name(object));
    json::set(object, "metadata.namespace", json::value(ns));
    if (resource.kind == "Service" && json::str(object, "spec.clusterIP").empty())
      json::set(object, "spec.clusterIP", json::value("10.96.0.7"));
    co_return line.answer(put(resource, std::move(object)));
  }

  Task<Object> patch(const Resource& resource, std::string_view ns, std::string_view name, PatchType type,
                     json::value body, const PatchOptions& options) override {
    const Line line(*this, resource, "PATCH", ns, name);
    if (type == PatchType::Apply && !objects_.contains(resource.path(ns, name)))
      co_return line.answer(put(resource, std::move(body)));
    Object object = need(resource, ns, name);
    const std::string_view version = json::str(body, "metadata.resourceVersion");
    if (!version.empty() && version != kube::resource_version(object))
      throw kube::conflict(resource.group, resource.plural, name, "the object has been modified");
    if (options.subresource == "status") body = json::object{{"status", *json::find(body, "status")}};
    co_return line.answer(put(resource, kube::merge_patch(std::move(object), body)));
  }

  Task<> remove(const Resource& resource, std::string_view ns, std::string_view name,
                const DeleteOptions& options) override {
    const Line line(*this, resource, "DELETE", ns, name);
    const Object object = need(resource, ns, name);
    if (!options.uid.empty() && options.uid != kube::uid(object))
      throw kube::conflict(resource.group, resource.plural, name, "the UID in the precondition does not match");
    erase(resource, std::string(ns), std::string(name));
    line.answer(nullptr);
    co_return;
  }

  Task<std::unique_ptr<Watch>> watch(const Resource& resource, std::string_view ns,
                                     const WatchOptions& options) override {
    if (cut) throw net::ConnectionError("cut off");
    co_return std::make_unique<FakeWatch>(*this, co_await net::this_executor(), resource, std::string(ns), options);
  }

  Task<Object> update(const Resource&, std::string_view, Object, std::string_view) override {
    throw kube::method_not_allowed("no controller of ours uses PUT");
    co_return nullptr;
  }

 private:
  struct Change {
    Resource resource;
    WatchEvent::Type type;
    Object object;
  };

  // A write on its way: counts, and cuts.
  class Line {
   public:
    Line(MapApi& api, const Resource& resource, const char* verb, std::string_view ns, std::string_view name) {
      if (api.cut) throw net::ConnectionError("cut off");
      if (resource.kind == "Event") return;
      here_ = std::ssize(api.writes) == api.cut_at;
      api.writes.push_back(fmt::format("{} {}", verb, resource.path(ns, name)));
      if (here_) api.cut = true;
      if (here_ && !api.cut_after) throw net::ConnectionError("cut off before");
    }
    Object answer(Object object) const {
      if (here_) throw net::ConnectionError("cut off after");
      return object;
    }

   private:
    bool here_ = false;
  };

  class FakeWatch : public Watch {
   public:
    FakeWatch(MapApi& api, net::Executor executor, Resource resource, std::string ns, const WatchOptions& options)
        : api_(api),
          news_(std::make_shared<net::Event>(executor)),
          resource_(std::move(resource)),
          ns_(std::move(ns)),
          selector_(kube::LabelSelector::parse(options.label_selector)),
          from_(std::stoll(options.resource_version)) {
      api_.watches_.push_back(news_);
    }

    Task<std::optional<WatchEvent>> next() override {
      for (;;) {
        for (; at_ < api_.log_.size(); ++at_) {
          const Change& change = api_.log_[at_];
          if (std::stoll(std::string(kube::resource_version(change.object))) <= from_) continue;
          if (change.resource.kind != resource_.kind || !(ns_.empty() || kube::ns(change.object) == ns_)) continue;
          if (!selector_.matches(kube::labels_of(change.object))) continue;
          ++at_;
          co_return WatchEvent{change.type, change.object};
        }
        co_await news_->wait();
        if (api_.cut) throw net::ConnectionError("cut off");
      }
    }

   private:
    MapApi& api_;
    std::shared_ptr<net::Event> news_;
    Resource resource_;
    std::string ns_;
    kube::LabelSelector selector_;
    long long from_;
    size_t at_ = 0;
  };

  const Object& need(const Resource& resource, std::string_view ns, std::string_view name) const {
    const auto found = objects_.find(resource.path(ns, name));
    if (found == objects_.end()) throw kube::not_found(resource.group, resource.plural, name);
    return found->second;
  }
  void wake() {
    for (const auto& watch : watches_)
      if (const auto news = watch.lock()) news->notify();
  }

  std::map<std::string, Object> objects_;
  std::vector<Change> log_;
  std::vector<std::weak_ptr<net::Event>> watches_;
  long long version_ = 0;
  int last_uid_ = 0;
};

}  // namespace spoke::client::testing
