#include "client/work_queue.h"

#include <boost/asio/this_coro.hpp>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "base/log.h"

namespace spoke::client {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds kFirstPause{5};  // client-go's ItemExponentialFailureRateLimiter begins there too
constexpr milliseconds kLongestPause{30000};
constexpr milliseconds kLongestWait{30000};  // of what is not urgent, for what is

milliseconds pause_after(int failures) {
  milliseconds pause = kFirstPause;
  for (int i = 1; i < failures && pause < kLongestPause; ++i) pause *= 2;
  return std::min(pause, kLongestPause);
}

}  // namespace

// A key is in at most one of `known` and `busy`; one that is named while it is busy is in `again`, and waits once more
// as soon as its worker is done. `delayed` is beside these: its keys are added when their time comes.
struct WorkQueue::Impl {
  struct Waiting {
    std::string key;
    steady_clock::time_point since;
  };

  Impl(net::Executor e, std::string n, size_t w, Reconcile r)
      : name(std::move(n)), workers(w), reconcile(std::move(r)), changed(e), scope(std::move(e)) {}

  void add(const std::string& key, Urgency urgency) {
    if (busy.contains(key)) {
      Urgency& wanted = again[key];
      wanted = std::max(wanted, urgency);
      return;
    }
    const auto [it, fresh] = known.emplace(key, urgency);
    if (!fresh && it->second >= urgency) return;
    it->second = urgency;  // what it was before stays in its line, and is passed over there
    (urgency == Urgency::Urgent ? urgent : usual).push_back({key, steady_clock::now()});
    changed.notify();
  }

  void add_after(const std::string& key, milliseconds delay) {
    if (delay <= milliseconds(0)) return add(key, Urgency::Usual);
    const auto due = steady_clock::now() + delay;
    const auto [it, fresh] = due_of.emplace(key, due);
    if (!fresh) {
      if (it->second <= due) return;
      delayed.erase({it->second, key});
      it->second = due;
    }
    delayed.emplace(due, key);
    changed.notify();
  }

  void add_due() {
    const auto now = steady_clock::now();
    while (!delayed.empty() && delayed.begin()->first <= now) {
      const std::string key = delayed.begin()->second;
      delayed.erase(delayed.begin());
      due_of.erase(key);
      add(key, Urgency::Usual);
    }
  }

  std::optional<std::string> next_of(std::deque<Waiting>& line, Urgency urgency) {
    while (!line.empty()) {
      std::string key = std::move(line.front().key);
      line.pop_front();
      if (const auto it = known.find(key); it != known.end() && it->second == urgency) {
        known.erase(it);
        return key;
      }
    }
    return std::nullopt;
  }

  std::optional<std::string> next_key() {
    const bool overdue = !usual.empty() && steady_clock::now() - usual.front().since > kLongestWait;
    turn = overdue && !turn;  // then every second one
    if (!turn)
      if (auto key = next_of(urgent, Urgency::Urgent)) return key;
    if (auto key = next_of(usual, Urgency::Usual)) return key;
    return next_of(urgent, Urgency::Urgent);
  }

  // Takes up waiting keys while there are workers to spare.
  void start() {
    while (busy.size() < workers) {
      auto key = next_key();
      if (!key) return;
      busy.insert(*key);
      scope.spawn(name, work(*std::move(key)));
    }
  }

  net::Task<> work(std::string key) {
    std::string problem;
    std::optional<milliseconds> next;
    try {
      next = co_await reconcile(key);
    } catch (const std::exception& e) {
      if (net::is_cancelled(e)) throw;
      problem = e.what();
    }
    busy.erase(key);
    if (problem.empty()) {
      failures.erase(key);
      if (next) add_after(key, *next);
    } else {
      const int count = ++failures[key];
      const auto pause = pause_after(count);
      log::warn("reconcile failed, trying again", "queue", name, "key", key, "error", problem, "failures", count,
                "in_ms", pause.count());
      add_after(key, pause);
    }
    if (const auto named = again.extract(key)) add(key, named.mapped());
    changed.notify();
  }

  net::Task<> run() {
    std::exception_ptr ended;
    try {
      for (;;) {
        add_due();
        start();
        if (delayed.empty())
          co_await changed.wait();
        else
          co_await changed.wait_for(
              std::max(delayed.begin()->first - steady_clock::now(), steady_clock::duration(milliseconds(1))));
      }
    } catch (...) {
      ended = std::current_exception();
    }
    // This coroutine is cancelled, and has yet to wait for its workers.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await scope.close();
    std::rethrow_exception(ended);
  }

  std::string name;
  size_t workers;
  Reconcile reconcile;
  net::Event changed;
  net::Scope scope;
  std::deque<Waiting> urgent, usual;
  bool turn = false;                     // of what is not urgent, and has waited for long
  std::map<std::string, Urgency> known;  // what waits
  std::set<std::string> busy;
  std::map<std::string, Urgency> again;
  std::set<std::pair<steady_clock::time_point, std::string>> delayed;
  std::map<std::string, steady_clock::time_point> due_of;
  std::map<std::string, int> failures;
};

WorkQueue::WorkQueue(net::Executor executor, std::string name, size_t workers, Reconcile reconcile)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(name), workers, std::move(reconcile))) {}
WorkQueue::~WorkQueue() = default;

void WorkQueue::add(const std::string& key, Urgency urgency) { impl_->add(key, urgency); }
void WorkQueue::add_after(const std::string& key, milliseconds delay) { impl_->add_after(key, delay); }

bool WorkQueue::calm() const { return impl_->known.size() < impl_->workers; }

net::Task<> WorkQueue::run() {
  const auto impl = impl_;  // the queue may go before its last worker does
  co_await impl->run();
}

}  // namespace spoke::client
