// Where the cluster's objects live: every write has a revision, the newest state of each key is in memory, what was
// acknowledged is on disk.
//
//   loop:    check against latest() -> put() ------------------+              +-> index, window, watchers, the waiting
//   put() thread:                             queue -> one transaction for all queued (fsync) --+
//
// One loop decides, so what is checked against latest() (which sees writes still on their way) cannot change before the
// put() that follows it without a co_await between. Readers see what is on disk. A commit that fails fails every write
// that is queued, since later ones may rest on it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "kube/selector.h"
#include "net/task.h"

namespace spoke::cluster {

using Revision = std::int64_t;

// What of an object is looked for without parsing it: selectors, owners.
struct Tags {
  kube::Labels labels;
  std::vector<std::pair<std::string, std::string>> fields;  // those that field selectors of its kind know
  std::string uid;
  std::vector<std::string> owners;  // uids
};

struct Entry {
  Revision revision = 0;  // of the write that made it
  std::shared_ptr<const std::string> body;
  std::shared_ptr<const Tags> tags;
};

struct Event {
  enum class Type { Put, Delete };
  Type type;
  std::string key;
  Entry entry;  // of a Delete: the last state, with the delete's revision
  std::optional<Entry> before;
};

class Store;

// A reader of events from some revision on.
class Subscription {
 public:
  ~Subscription();
  // The events since, at least one; throws StatusError Expired where they are no longer in the window.
  net::Task<std::vector<const Event*>> next();
  // As next(), but returns nothing after `wait` without an event. progress() is then the revision up to which all is
  // seen.
  net::Task<std::vector<const Event*>> next_for(std::chrono::milliseconds wait);
  std::vector<const Event*> poll();  // what there is now, without waiting; throws as next()
  Revision progress() const { return seen_; }

 private:
  friend class Store;
  Subscription(Store& store, std::string prefix, Revision from);

  struct Waker;
  Store& store_;
  std::string prefix_;
  Revision seen_;
  std::unique_ptr<Waker> waker_;
};

class Store {
 public:
  // Reads all that `file` holds, or makes it. `tag` derives an object's tags from its key and body. Throws Error where
  // the file is corrupt or cannot be written.
  // `load` is called with each row that is there before `tag` is asked of any.
  Store(net::Executor executor, Path file, std::function<Tags(const std::string& key, const std::string& body)> tag,
        const std::function<void(const std::string& key, const std::string& body)>& load = {});
  ~Store();  // after close()

  // Waits for what is on its way, then ends the thread.
  net::Task<> close();

  Revision revision() const { return revision_; }           // the newest that readers see
  Revision next_revision() const { return assigned_ + 1; }  // what the next put() or erase() will get
  // Lets go of the events so far: a server that has just begun has no watchers of an earlier life.
  void forget_events();
  Revision oldest_event() const;  // events after this revision are in the window

  const Entry* find(std::string_view key) const;
  const Entry* latest(std::string_view key) const;  // with writes on their way; null where deleted by one

  // Durable when they return; they get next_revision() when called. Throw Error (disk full, ...).
  net::Task<> put(std::string key, std::string body, Tags tags);
  net::Task<> erase(std::string key, std::string last_body, Tags tags);

  // What stood under `prefix` at `at` (0: now), in order of keys, after `after` (exclusive, "" from the start). Throws
  // StatusError Expired where `at` has left the window.
  std::vector<std::pair<std::string, Entry>> range(const std::string& prefix, Revision at = 0,
                                                   const std::string& after = "") const;

  // Events after `from`. Throws StatusError Expired where `from` has left the window.
  std::unique_ptr<Subscription> subscribe(std::string prefix, Revision from);

 private:
  friend class Subscription;
  struct Commit;
  struct Write;
  void enqueue(Write write);
  void landed(std::vector<Write> writes, const std::string& failure);

  std::map<std::string, Entry, std::less<>> index_;
  // Writes on their way, the newest of a key; nothing where it is a delete.
  std::map<std::string, std::optional<Entry>, std::less<>> on_their_way_;
  std::deque<Event> window_;
  size_t window_bytes_ = 0;
  Revision revision_ = 0;
  Revision assigned_ = 0;
  Revision forgotten_ = 0;  // events up to here are gone
  std::vector<Subscription*> subscriptions_;
  std::unique_ptr<Commit> commit_;
  net::Executor executor_;
};

}  // namespace spoke::cluster
