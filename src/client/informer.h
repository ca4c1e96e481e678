// A local copy of a collection, kept up to date: LIST, then WATCH, again from the list where the watch is too far
// behind.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/heap.h"
#include "client/api.h"
#include "net/async.h"

namespace spoke::client {

// Follows a collection; what becomes of its objects is for who derives from it.
class Reflector {
 public:
  struct Collection {
    Resource resource;
    std::string ns, label_selector, field_selector;
    std::function<bool(const Object&)> keep;
  };
  Reflector(Api& api, Collection collection) : api_(api), collection_(std::move(collection)) {}
  virtual ~Reflector() = default;

  // Lists and watches until cancelled. Lost connections and errors are retried with a growing pause (100 ms to 10 s).
  Task<> run();

  bool synced() const { return synced_; }  // whether the first list is in

 protected:
  virtual void put(std::string key, std::string version, Object object) = 0;
  virtual void drop(std::string_view key) = 0;
  // What the list under way has not put: it is gone.
  virtual std::vector<std::string> unlisted() const = 0;
  unsigned list_number() const { return list_; }

 private:
  Task<> list();
  Task<> watch();
  void put(Object object);

  Api& api_;
  Collection collection_;
  std::string resource_version_;
  unsigned list_ = 0;
  bool synced_ = false;
};

template <class T>
struct InformerOptionsOf {
  Resource resource;
  std::string ns;  // "": all
  std::string label_selector;
  std::string field_selector;
  // Which objects are taken to be there at all; all where it is not set.
  std::function<bool(const Object&)> keep;
  // What is kept of an object; the whole where it is not set. Keep the few fields that are needed: a cache of whole
  // objects is what fills an operator's memory.
  std::function<T(Object)> project;
};

// `T` is what is kept of each object.
template <class T>
class InformerOf : public Reflector {
 public:
  struct Entry {
    T object;
    std::string version;  // as it came: a projection may leave it out, and a new list repeats most of what is known
    unsigned list = 0;    // in or after which it was last seen
  };
  // `changed(before, after)`: null before: it is new; null after: it is gone. Called on the loop, must not block. Where
  // `after` points to stays its place until it is gone, and is where `before` points to then.
  using Changed = std::function<void(const T* before, const T* after)>;

  InformerOf(Api& api, InformerOptionsOf<T> options, Changed changed)
      : Reflector(api, {std::move(options.resource), std::move(options.ns), std::move(options.label_selector),
                        std::move(options.field_selector), std::move(options.keep)}),
        project_(std::move(options.project)),
        changed_(std::move(changed)) {}

  const T* find(std::string_view key) const {  // "namespace/name"
    const auto it = entries_.find(key);
    return it == entries_.end() ? nullptr : &it->second.object;
  }
  const LastingMap<Entry>& all() const { return entries_; }

 private:
  void put(std::string key, std::string version, Object object) override {
    auto it = entries_.find(key);
    const bool is_new = it == entries_.end();
    if (!is_new) it->second.list = list_number();
    if (!is_new && !version.empty() && it->second.version == version) return;
    T after = kept(std::move(object));
    if (is_new) it = entries_.try_emplace(lasting(key)).first;
    Entry& entry = it->second;
    entry.list = list_number();
    entry.version = std::move(version);
    const T before = std::exchange(entry.object, std::move(after));
    if (changed_) changed_(is_new ? nullptr : &before, &entry.object);
  }
  void drop(std::string_view key) override {
    const auto it = entries_.find(key);
    if (it == entries_.end()) return;
    const auto node = entries_.extract(it);
    if (changed_) changed_(&node.mapped().object, nullptr);
  }
  std::vector<std::string> unlisted() const override {
    std::vector<std::string> out;
    for (const auto& [key, entry] : entries_)
      if (entry.list != list_number()) out.emplace_back(key);
    return out;
  }
  T kept(Object object) const {
    // Out of the memory that it shares with the rest of its list.
    if constexpr (std::is_same_v<T, Object>)
      return Object(project_ ? project_(std::move(object)) : std::move(object), boost::json::storage_ptr());
    else
      return project_(std::move(object));
  }

  std::function<T(Object)> project_;
  Changed changed_;
  LastingMap<Entry> entries_;
};

using Informer = InformerOf<Object>;
using InformerOptions = InformerOptionsOf<Object>;

}  // namespace spoke::client
