#include "cluster/store/store.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "cluster/store/sqlite.h"
#include "kube/status.h"
#include "net/async.h"

namespace spoke::cluster {

namespace {
// How far back watches and paged lists can go.
constexpr size_t kWindowEvents = 10000;
constexpr size_t kWindowBytes = 8U << 20;
}  // namespace

struct Store::Write {
  std::string key;
  Entry entry;
  bool deletes = false;
  Revision replaces = 0;  // the row that is of no more use once this one is in
  std::shared_ptr<net::Event> done;
  std::shared_ptr<std::string> failure;
};

// The thread that owns the database.
struct Store::Commit {
  explicit Commit(const Path& file) : database(file) {}

  void run(Store& store) {
    Statement insert(database, "INSERT INTO log (revision, key, deleted, body) VALUES (?, ?, ?, ?)");
    Statement forget(database, "DELETE FROM log WHERE revision = ?");
    std::vector<Revision> tombstones;
    for (;;) {
      std::vector<Write> batch;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return (!queue.empty() && !failed) || ending; });
        if (queue.empty()) return;
        batch.swap(queue);
      }
      std::string failure;
      try {
        database.execute("BEGIN IMMEDIATE");
        for (const Write& w : batch) {
          insert.bind(1, w.entry.revision).bind(2, w.key).bind(3, w.deletes ? 1 : 0);
          insert.bind(4, w.deletes ? std::string_view() : std::string_view(*w.entry.body)).execute();
          if (w.replaces != 0) forget.bind(1, w.replaces).execute();
        }
        for (const Revision r : tombstones) forget.bind(1, r).execute();
        database.execute("COMMIT");
        tombstones.clear();
        for (const Write& w : batch)
          if (w.deletes) tombstones.push_back(w.entry.revision);
      } catch (const std::exception& e) {
        failure = e.what();
        if (sqlite3_get_autocommit(database.handle()) == 0)
          sqlite3_exec(database.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
        const std::lock_guard lock(mutex);
        failed = true;
      }
      boost::asio::post(store.executor_, [&store, batch = std::move(batch), failure]() mutable {
        store.landed(std::move(batch), failure);
      });
    }
  }

  Database database;
  std::mutex mutex;  // guards queue, failed and ending
  std::condition_variable wake;
  std::vector<Write> queue;
  bool failed = false;  // until the loop has failed what rests on the failed batch, nothing more is committed
  bool ending = false;
  std::thread thread;
};

struct Subscription::Waker {
  explicit Waker(const net::Executor& executor) : event(executor) {}
  net::Event event;
};

Store::Store(net::Executor executor, Path file, std::function<Tags(const std::string&, const std::string&)> tag,
             const std::function<void(const std::string&, const std::string&)>& load)
    : commit_(std::make_unique<Commit>(file)), executor_(std::move(executor)) {
  Database& db = commit_->database;
  db.execute("PRAGMA locking_mode = EXCLUSIVE");  // one writer; needs no shared memory file
  db.execute("PRAGMA journal_mode = WAL");
  db.execute("PRAGMA synchronous = FULL");
  db.execute("PRAGMA cache_size = -1024");
  db.execute(
      "CREATE TABLE IF NOT EXISTS log (revision INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, deleted INTEGER "
      "NOT "
      "NULL, body TEXT NOT NULL)");
  db.execute(
      "DELETE FROM log WHERE deleted = 1");  // what a crash left; sqlite_sequence keeps their revisions from reuse
  Statement rows(db, "SELECT revision, key, body FROM log ORDER BY revision");
  while (rows.step()) {
    const std::string key = rows.text(1);
    revision_ = rows.integer(0);
    std::string body = rows.text(2);
    if (load) load(key, body);
    index_[key] = Entry{revision_, std::make_shared<const std::string>(std::move(body)), nullptr};
  }
  rows.reset();
  for (auto& [key, entry] : index_) entry.tags = std::make_shared<const Tags>(tag(key, *entry.body));
  Statement sequence(db, "SELECT seq FROM sqlite_sequence WHERE name = 'log'");
  if (sequence.step()) revision_ = std::max(revision_, sequence.integer(0));
  sequence.reset();
  assigned_ = forgotten_ = revision_;
  commit_->thread = std::thread([this] { commit_->run(*this); });
}

Store::~Store() {
  {
    const std::lock_guard lock(commit_->mutex);
    commit_->ending = true;
  }
  commit_->wake.notify_one();
  if (commit_->thread.joinable()) commit_->thread.join();
}

net::Task<> Store::close() {
  while (!on_their_way_.empty()) co_await net::sleep_for(net::Millis(1));
}

void Store::forget_events() {
  window_.clear();
  window_bytes_ = 0;
  forgotten_ = revision_;
}

Revision Store::oldest_event() const { return forgotten_; }

const Entry* Store::find(std::string_view key) const {
  const auto it = index_.find(key);
  return it == index_.end() ? nullptr : &it->second;
}

const Entry* Store::latest(std::string_view key) const {
  if (const auto it = on_their_way_.find(key); it != on_their_way_.end()) return it->second ? &*it->second : nullptr;
  return find(key);
}

void Store::enqueue(Write write) {
  const Entry* before = latest(write.key);
  write.replaces = before != nullptr ? before->revision : 0;
  write.entry.revision = ++assigned_;
  on_their_way_[write.key] = write.deletes ? std::nullopt : std::optional(write.entry);
  {
    const std::lock_guard lock(commit_->mutex);
    commit_->queue.push_back(std::move(write));
  }
  commit_->wake.notify_one();
}

net::Task<> Store::put(std::string key, std::string body, Tags tags) {
  auto done = std::make_shared<net::Event>(executor_);
  auto failure = std::make_shared<std::string>();
  enqueue({std::move(key),
           {0, std::make_shared<const std::string>(std::move(body)), std::make_shared<const Tags>(std::move(tags))},
           false,
           0,
           done,
           failure});
  co_await done->wait();
  if (!failure->empty()) throw Error(*failure);
}

net::Task<> Store::erase(std::string key, std::string last_body, Tags tags) {
  auto done = std::make_shared<net::Event>(executor_);
  auto failure = std::make_shared<std::string>();
  enqueue(
      {std::move(key),
       {0, std::make_shared<const std::string>(std::move(last_body)), std::make_shared<const Tags>(std::move(tags))},
       true,
       0,
       done,
       failure});
  co_await done->wait();
  if (!failure->empty()) throw Error(*failure);
}

void Store::landed(std::vector<Write> writes, const std::string& failure) {
  if (!failure.empty()) {
    {
      // Whatever was queued since rests on what has just failed.
      const std::lock_guard lock(commit_->mutex);
      std::move(commit_->queue.begin(), commit_->queue.end(), std::back_inserter(writes));
      commit_->queue.clear();
      commit_->failed = false;
    }
    on_their_way_.clear();
    for (const Write& w : writes) {
      *w.failure = failure;
      w.done->notify();
    }
    return;
  }
  for (Write& w : writes) {
    Event event{w.deletes ? Event::Type::Delete : Event::Type::Put, w.key, w.entry, std::nullopt};
    if (const auto it = index_.find(w.key); it != index_.end()) event.before = it->second;
    if (w.deletes)
      index_.erase(w.key);
    else
      index_[w.key] = w.entry;
    revision_ = w.entry.revision;
    // A later write of the same key may be on its way already; then that one stays.
    if (const auto it = on_their_way_.find(w.key); it != on_their_way_.end()) {
      const bool newest = it->second ? it->second->revision == w.entry.revision : w.deletes;
      if (newest) on_their_way_.erase(it);
    }
    window_bytes_ += event.entry.body->size();
    window_.push_back(std::move(event));
    w.done->notify();
  }
  while (window_.size() > kWindowEvents || (window_bytes_ > kWindowBytes && window_.size() > 1)) {
    window_bytes_ -= window_.front().entry.body->size();
    forgotten_ = window_.front().entry.revision;
    window_.pop_front();
  }
  for (Subscription* s : subscriptions_) s->waker_->event.notify();
}

namespace {
[[noreturn]] void too_old(Revision wanted, Revision oldest) {
  throw kube::expired("too old resource version: " + std::to_string(wanted) + " (" + std::to_string(oldest) + ")");
}
}  // namespace

std::vector<std::pair<std::string, Entry>> Store::range(const std::string& prefix, Revision at,
                                                        const std::string& after) const {
  if (at != 0 && at < forgotten_) too_old(at, forgotten_);
  // What later events changed, back to what it was: the oldest event after `at` knows.
  std::map<std::string, std::optional<Entry>, std::less<>> earlier;
  if (at != 0)
    for (auto it = window_.rbegin(); it != window_.rend() && it->entry.revision > at; ++it)
      if (it->key.starts_with(prefix)) earlier[it->key] = it->before;
  std::vector<std::pair<std::string, Entry>> out;
  for (auto it = after.empty() ? index_.lower_bound(prefix) : index_.upper_bound(after);
       it != index_.end() && it->first.starts_with(prefix); ++it)
    if (!earlier.contains(it->first)) out.emplace_back(it->first, it->second);
  if (earlier.empty()) return out;
  for (const auto& [key, entry] : earlier)
    if (entry && key > after) out.emplace_back(key, *entry);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

std::unique_ptr<Subscription> Store::subscribe(std::string prefix, Revision from) {
  if (from < forgotten_) too_old(from, forgotten_);
  return std::unique_ptr<Subscription>(new Subscription(*this, std::move(prefix), from));
}

Subscription::Subscription(Store& store, std::string prefix, Revision from)
    : store_(store), prefix_(std::move(prefix)), seen_(from), waker_(std::make_unique<Waker>(store.executor_)) {
  store_.subscriptions_.push_back(this);
}

Subscription::~Subscription() { std::erase(store_.subscriptions_, this); }

std::vector<const Event*> Subscription::poll() {
  if (seen_ < store_.forgotten_) too_old(seen_, store_.forgotten_);
  std::vector<const Event*> out;
  const auto& window = store_.window_;
  auto it = std::upper_bound(window.begin(), window.end(), seen_,
                             [](Revision r, const Event& e) { return r < e.entry.revision; });
  for (; it != window.end(); ++it)
    if (it->key.starts_with(prefix_)) out.push_back(&*it);
  seen_ = std::max(seen_, store_.revision_);
  return out;
}

net::Task<std::vector<const Event*>> Subscription::next() {
  for (;;) {
    if (auto events = poll(); !events.empty()) co_return events;
    co_await waker_->event.wait();
  }
}

net::Task<std::vector<const Event*>> Subscription::next_for(std::chrono::milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  for (;;) {
    if (auto events = poll(); !events.empty()) co_return events;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero() || !co_await waker_->event.wait_for(left)) co_return poll();
  }
}

}  // namespace spoke::cluster
