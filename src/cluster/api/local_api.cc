#include "cluster/api/local_api.h"

#include <deque>

#include "base/strings.h"
#include "cluster/api/reader.h"

namespace spoke::cluster {

using client::WatchEvent;
using net::Task;

namespace {

class LocalWatch : public client::Watch {
 public:
  LocalWatch(std::shared_ptr<const ResourceType> type, Selection selection, std::unique_ptr<Subscription> events)
      : type_(std::move(type)), selection_(std::move(selection)), events_(std::move(events)) {}

  void add(WatchEvent event) { waiting_.push_back(std::move(event)); }

  Task<std::optional<WatchEvent>> next() override {
    while (waiting_.empty()) {
      for (const Event* event : co_await events_->next()) {
        const Seen seen = seen_as(*event, selection_);
        if (seen.type.empty()) continue;
        const auto kind = seen.type == "ADDED"      ? WatchEvent::Type::Added
                          : seen.type == "MODIFIED" ? WatchEvent::Type::Modified
                                                    : WatchEvent::Type::Deleted;
        Object object = json::parse(seen.body);
        waiting_.push_back({kind, type_->from_storage ? type_->from_storage(std::move(object)) : std::move(object)});
      }
    }
    WatchEvent event = std::move(waiting_.front());
    waiting_.pop_front();
    co_return event;
  }

 private:
  std::shared_ptr<const ResourceType> type_;
  Selection selection_;
  std::unique_ptr<Subscription> events_;
  std::deque<WatchEvent> waiting_;
};

}  // namespace

std::shared_ptr<const ResourceType> LocalApi::type(const client::Resource& resource) const {
  for (const auto& t : registry_.catalog().all())
    if (t->id.plural == resource.plural && t->id.group == resource.group && t->id.version == resource.version) return t;
  throw kube::the_server_could_not_find();
}

WriteOptions LocalApi::options(std::string_view subresource) const {
  WriteOptions out;
  out.subresource = subresource;
  out.field_manager = manager_;
  return out;
}

Task<Object> LocalApi::get(const client::Resource& resource, std::string_view ns, std::string_view name) {
  const auto t = type(resource);
  Object object = registry_.current(*t, ns, name);
  co_return t->from_storage ? t->from_storage(std::move(object)) : std::move(object);
}

Task<client::List> LocalApi::list(const client::Resource& resource, std::string_view ns,
                                  const client::ListOptions& options) {
  const auto t = type(resource);
  const Selection selection = Selection::parse(*t, ns, options.label_selector, options.field_selector);
  const Page page = cluster::list(registry_.store(), *t, selection, {});
  client::List out;
  out.resource_version = page.metadata.at("resourceVersion").as_string();
  for (const auto& entry : page.entries) {
    Object object = json::parse(*entry.body);
    out.items.push_back(t->from_storage ? t->from_storage(std::move(object)) : std::move(object));
  }
  co_return out;
}

Task<Object> LocalApi::create(const client::Resource& resource, std::string_view ns, Object object) {
  const auto t = type(resource);
  co_return json::parse((co_await registry_.create(*t, std::string(ns), std::move(object), options())).body);
}

Task<Object> LocalApi::update(const client::Resource& resource, std::string_view ns, Object object,
                              std::string_view subresource) {
  const auto t = type(resource);
  std::string name(kube::name(object));
  co_return json::parse(
      (co_await registry_.update(*t, std::string(ns), std::move(name), std::move(object), options(subresource))).body);
}

Task<Object> LocalApi::patch(const client::Resource& resource, std::string_view ns, std::string_view name,
                             client::PatchType kind, json::value body, const client::PatchOptions& given) {
  const auto t = type(resource);
  WriteOptions write = options(given.subresource);
  if (!given.field_manager.empty()) write.field_manager = given.field_manager;
  write.force = given.force;
  co_return json::parse(
      (co_await registry_.patch(*t, std::string(ns), std::string(name), kind, std::move(body), std::move(write))).body);
}

Task<> LocalApi::remove(const client::Resource& resource, std::string_view ns, std::string_view name,
                        const client::DeleteOptions& given) {
  const auto t = type(resource);
  co_await registry_.remove(*t, std::string(ns), std::string(name), given, false);
}

Task<std::unique_ptr<client::Watch>> LocalApi::watch(const client::Resource& resource, std::string_view ns,
                                                     const client::WatchOptions& given) {
  const auto t = type(resource);
  Selection selection = Selection::parse(*t, ns, given.label_selector, given.field_selector);
  Store& store = registry_.store();
  const bool replay = given.resource_version.empty();
  const Revision from = replay ? store.revision() : to_int(given.resource_version).value_or(0);
  auto watch = std::make_unique<LocalWatch>(t, selection, store.subscribe(t->prefix(ns), from));
  if (replay)
    for (const auto& [key, entry] : store.range(t->prefix(ns))) {
      if (!selection.matches(entry)) continue;
      Object object = json::parse(*entry.body);
      watch->add({WatchEvent::Type::Added, t->from_storage ? t->from_storage(std::move(object)) : std::move(object)});
    }
  co_return watch;
}

}  // namespace spoke::cluster
