#include "client/work_queue.h"

#include <boost/asio/this_coro.hpp>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"

namespace spoke::client {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds kFirstPause{5};  // client-go's ItemExponentialFailureRateLimiter begins there too
constexpr milliseconds kLongestPause{30000};
constexpr milliseconds kLongestDelay =
    std::chrono::hours(24 * 365);            // beyond three centuries a clock's nanoseconds end
constexpr milliseconds kLongestWait{30000};  // of what is not urgent, for what is

using metrics::Kind;

// What client-go measures of its queues, by its names and with its buckets, in seconds.
struct Meters {
  Meters(metrics::Registry& registry, const std::string& controller)
      : labels{{"controller", controller}, {"name", controller}},
        adds(registry.family("workqueue_adds_total", "Total number of adds handled by workqueue", Kind::Counter)),
        retries(
            registry.family("workqueue_retries_total", "Total number of retries handled by workqueue", Kind::Counter)),
        waited(registry.family("workqueue_queue_duration_seconds",
                               "How long in seconds an item stays in workqueue before being requested", Kind::Histogram,
                               kBuckets)),
        worked(registry.family("workqueue_work_duration_seconds",
                               "How long in seconds processing an item from workqueue takes.", Kind::Histogram,
                               kBuckets)),
        depth(registry.family("workqueue_depth", "Current depth of workqueue", Kind::Gauge)),
        unfinished(
            registry.family("workqueue_unfinished_work_seconds",
                            "How many seconds of work has been done that is in progress and hasn't been observed "
                            "by work_duration.",
                            Kind::Gauge)),
        longest(registry.family("workqueue_longest_running_processor_seconds",
                                "How many seconds has the longest running processor for workqueue been running.",
                                Kind::Gauge)) {
    adds.add(labels, 0);
    retries.add(labels, 0);
  }

  static inline const std::vector<double> kBuckets{1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10};
  metrics::Labels labels;
  metrics::Family &adds, &retries, &waited, &worked, &depth, &unfinished, &longest;
};

double seconds_since(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

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
    if (meters) meters->adds.add(meters->labels);
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
    const auto due = steady_clock::now() + std::min(delay, kLongestDelay);
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
      const auto since = line.front().since;
      std::string key = std::move(line.front().key);
      line.pop_front();
      if (const auto it = known.find(key); it != known.end() && it->second == urgency) {
        known.erase(it);
        if (meters) meters->waited.observe(meters->labels, seconds_since(since));
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
      busy.emplace(*key, steady_clock::now());
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
    if (meters) meters->worked.observe(meters->labels, seconds_since(busy[key]));
    busy.erase(key);
    if (problem.empty()) {
      failures.erase(key);
      if (next) add_after(key, *next);
    } else {
      const int count = ++failures[key];
      if (meters) meters->retries.add(meters->labels);
      const auto pause = pause_after(count);
      log::warn("reconcile failed, trying again", "queue", name, "key", key, "error", problem, "failures", count,
                "in_ms", pause.count());
      add_after(key, pause);
    }
    if (const auto named = again.extract(key)) add(key, named.mapped());
    changed.notify();
  }

  void look_up() {
    double sum = 0, longest = 0;
    for (const auto& [key, since] : busy) {
      const double seconds = seconds_since(since);
      sum += seconds;
      longest = std::max(longest, seconds);
    }
    meters->depth.set(meters->labels, static_cast<double>(known.size()));
    meters->unfinished.set(meters->labels, sum);
    meters->longest.set(meters->labels, longest);
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
  bool turn = false;                                     // of what is not urgent, and has waited for long
  std::map<std::string, Urgency> known;                  // what waits
  std::map<std::string, steady_clock::time_point> busy;  // since when
  std::map<std::string, Urgency> again;
  std::set<std::pair<steady_clock::time_point, std::string>> delayed;
  std::map<std::string, steady_clock::time_point> due_of;
  std::map<std::string, int> failures;
  std::optional<Meters> meters;
};

WorkQueue::WorkQueue(net::Executor executor, std::string name, size_t workers, Reconcile reconcile)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(name), workers, std::move(reconcile))) {}
WorkQueue::~WorkQueue() = default;

void WorkQueue::add(const std::string& key, Urgency urgency) { impl_->add(key, urgency); }
void WorkQueue::add_after(const std::string& key, milliseconds delay) { impl_->add_after(key, delay); }

bool WorkQueue::calm() const { return impl_->known.size() < impl_->workers; }

void WorkQueue::measure(metrics::Registry& registry, const std::string& controller) {
  impl_->meters.emplace(registry, controller);
  registry.before_text([queue = std::weak_ptr(impl_)] {
    const auto impl = queue.lock();
    if (impl) impl->look_up();
    return impl != nullptr;
  });
}

net::Task<> WorkQueue::run() {
  const auto impl = impl_;  // the queue may go before its last worker does
  co_await impl->run();
}

}  // namespace spoke::client
