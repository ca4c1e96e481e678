#include <map>
#include <set>

#include "base/log.h"
#include "cluster/control/controllers.h"
#include "kube/patch.h"
#include "net/async.h"

namespace spoke::cluster {

using net::Task;

namespace {

struct Place {
  std::shared_ptr<const ResourceType> type;
  std::string ns, name;
};

std::shared_ptr<const ResourceType> type_of(const Catalog& catalog, std::string_view key) {
  for (const auto& type : catalog.all())
    if (key.starts_with(type->storage) && key.substr(type->storage.size()).starts_with('/')) return type;
  return nullptr;
}

std::optional<Place> place_of(const Catalog& catalog, const std::string& key) {
  auto type = type_of(catalog, key);
  if (!type) return std::nullopt;
  const auto rest = std::string_view(key).substr(type->storage.size() + 1);
  const auto slash = rest.find('/');
  return Place{std::move(type), std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))};
}

class Collector {
 public:
  explicit Collector(Registry& registry) : registry_(registry) {}

  Task<> run() {
    for (;;) {
      // From the whole state first, and again where the events went by faster than we looked.
      uids_.clear();
      dependents_.clear();
      auto events = registry_.store().subscribe("", registry_.store().revision());
      std::set<std::string> look;
      for (const auto& [key, entry] : registry_.store().range("")) add(key, entry, look);
      for (const auto& [uid, keys] : dependents_)
        if (!uids_.contains(uid)) look.insert(keys.begin(), keys.end());
      try {
        for (;;) {
          for (const auto& key : look) co_await consider(key);
          look.clear();
          for (const Event* event : co_await events->next()) take(*event, look);
        }
      } catch (const kube::StatusError& e) {
        if (!e.is("Expired")) throw;
      }
    }
  }

 private:
  void add(const std::string& key, const Entry& entry, std::set<std::string>& look) {
    uids_[entry.tags->uid] = key;
    for (const auto& owner : entry.tags->owners) dependents_[owner].insert(key);
    if (waits(entry)) look.insert(key);
  }

  // Whether an owner's deletion waits for us.
  static bool waits(const Entry& entry) {
    return entry.body->find("\"foregroundDeletion\"") != std::string::npos ||
           entry.body->find("\"orphan\"") != std::string::npos;
  }

  void take(const Event& event, std::set<std::string>& look) {
    if (event.before)
      for (const auto& owner : event.before->tags->owners)
        if (const auto it = dependents_.find(owner); it != dependents_.end()) {
          it->second.erase(event.key);
          if (it->second.empty()) dependents_.erase(it);
        }
    if (event.type == Event::Type::Delete) {
      uids_.erase(event.entry.tags->uid);
      if (const auto it = dependents_.find(event.entry.tags->uid); it != dependents_.end())
        look.insert(it->second.begin(), it->second.end());
      // An owner that waits in the foreground may have been waiting for this one.
      for (const auto& owner : event.entry.tags->owners)
        if (const auto it = uids_.find(owner); it != uids_.end()) look.insert(it->second);
      return;
    }
    add(event.key, event.entry, look);
    for (const auto& owner : event.entry.tags->owners)
      if (!uids_.contains(owner)) look.insert(event.key);
  }

  Task<> consider(const std::string& key) {
    const Entry* entry = registry_.store().latest(key);
    const auto place = place_of(registry_.catalog(), key);
    if (entry == nullptr || !place) co_return;
    const Object object = json::parse(*entry->body);
    try {
      if (kube::deleting(object) && waits(*entry))
        co_await finish_waiting(*place, object);
      else if (!json::list(object, "metadata.ownerReferences").empty())
        co_await collect(*place, object);
    } catch (const kube::StatusError& e) {
      if (!e.is("NotFound") && !e.is("Conflict")) log::warn("garbage collection", "object", key, "error", e.what());
    }
  }

  Task<> collect(const Place& place, const Object& object) {
    bool absent = false;
    for (const auto& owner : json::list(object, "metadata.ownerReferences")) {
      if (uids_.contains(std::string(json::str(owner, "uid")))) co_return;
      absent = true;
    }
    if (!absent || kube::deleting(object)) co_return;
    client::DeleteOptions options;
    options.uid = kube::uid(object);
    options.propagation = "Background";
    co_await registry_.remove(*place.type, place.ns, place.name, std::move(options), false);
  }

  Task<> finish_waiting(const Place& place, const Object& owner) {
    const std::string uid(kube::uid(owner));
    std::string done;
    for (const auto& f : json::list(owner, "metadata.finalizers")) {
      if (f == json::value("foregroundDeletion")) done = "foregroundDeletion";
      if (f == json::value("orphan")) done = "orphan";
    }
    const auto it = dependents_.find(uid);
    const std::set<std::string> keys = it == dependents_.end() ? std::set<std::string>() : it->second;
    bool blocked = false;
    for (const auto& key : keys) {
      const Entry* entry = registry_.store().latest(key);
      const auto dependent = place_of(registry_.catalog(), key);
      if (entry == nullptr || !dependent) continue;
      Object object = json::parse(*entry->body);
      if (done == "orphan") {
        json::array left;
        for (const auto& ref : json::list(object, "metadata.ownerReferences"))
          if (json::str(ref, "uid") != uid) left.push_back(ref);
        WriteOptions options;
        options.field_manager = "garbage-collector";
        co_await registry_.patch(*dependent->type, dependent->ns, dependent->name, client::PatchType::Merge,
                                 json::object{{"metadata", json::object{{"ownerReferences", std::move(left)}}}},
                                 std::move(options));
        continue;
      }
      for (const auto& ref : json::list(object, "metadata.ownerReferences"))
        blocked = blocked || (json::str(ref, "uid") == uid && json::flag(ref, "blockOwnerDeletion"));
      if (kube::deleting(object)) continue;
      client::DeleteOptions options;
      options.uid = kube::uid(object);
      // In the foreground, too, where it has dependents of its own.
      if (dependents_.contains(std::string(kube::uid(object)))) options.propagation = "Foreground";
      co_await registry_.remove(*dependent->type, dependent->ns, dependent->name, std::move(options), false);
    }
    if (blocked) co_return;
    json::array finalizers;
    for (const auto& f : json::list(owner, "metadata.finalizers"))
      if (f != json::value(done)) finalizers.push_back(f);
    WriteOptions options;
    options.field_manager = "garbage-collector";
    co_await registry_.patch(*place.type, place.ns, place.name, client::PatchType::Merge,
                             json::object{{"metadata", json::object{{"finalizers", std::move(finalizers)}}}},
                             std::move(options));
  }

  Registry& registry_;
  std::map<std::string, std::string> uids_;                  // of all objects: uid -> key
  std::map<std::string, std::set<std::string>> dependents_;  // owner's uid -> keys
};

}  // namespace

Task<> collect_garbage(Registry& registry) {
  Collector collector(registry);
  co_await collector.run();
}

}  // namespace spoke::cluster
