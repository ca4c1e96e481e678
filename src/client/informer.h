// A local copy of a collection, kept up to date: LIST, then WATCH, again from the list where the watch is too far
// behind.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "client/api.h"
#include "net/async.h"

namespace spoke::client {

struct InformerOptions {
  Resource resource;
  std::string ns;  // "": all
  std::string label_selector;
  std::string field_selector;
  // Which objects are taken to be there at all; all where it is not set.
  std::function<bool(const Object&)> keep;
  // What is kept of an object; the whole where it is not set. Keep the few fields that are needed: a cache of whole
  // objects is what fills an operator's memory.
  std::function<Object(Object)> project;
};

class Informer {
 public:
  // `changed(before, after)`: null before: it is new; null after: it is gone. Called on the loop, must not block.
  using Changed = std::function<void(const Object* before, const Object* after)>;

  Informer(Api& api, InformerOptions options, Changed changed);

  // Lists and watches until cancelled. Lost connections and errors are retried with a growing pause (100 ms to 10 s).
  Task<> run();

  bool synced() const { return synced_; }          // whether the first list is in
  const Object* find(std::string_view key) const;  // "namespace/name"
  const std::map<std::string, Object, std::less<>>& all() const { return objects_; }

 private:
  Task<> list();
  Task<> watch();
  void put(std::string key, Object object);
  void drop(std::string_view key);

  Api& api_;
  InformerOptions options_;
  Changed changed_;
  std::map<std::string, Object, std::less<>> objects_;
  // Of each object as it came: a projection may leave it out, and a new list repeats most of what is known.
  std::map<std::string, std::string, std::less<>> versions_;
  std::string resource_version_;
  bool synced_ = false;
};

}  // namespace spoke::client
