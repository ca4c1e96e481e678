#include "client/work_queue.h"

#include <gtest/gtest.h>

#include "client/test_support.h"

namespace spoke::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::eventually;
using testing::run;
using Again = std::optional<milliseconds>;

Task<Again> done(Again again = std::nullopt) { co_return again; }

Task<Again> takes(milliseconds time, int& under_way) {
  ++under_way;
  co_await net::sleep_for(time);
  --under_way;
  co_return std::nullopt;
}

// Runs the queue until `holds`.
Task<> until(net::Executor executor, WorkQueue& queue, std::function<bool()> holds) {
  net::Scope scope(executor);
  scope.spawn("queue", queue.run());
  EXPECT_TRUE(co_await eventually(std::move(holds)));
  co_await scope.close();
}

TEST(WorkQueue, AKeyNamedOftenIsLookedAtOnce) {
  std::vector<std::string> seen;
  run([&](net::Executor executor) -> Task<> {
    auto queue = std::make_shared<WorkQueue>(executor, "q", 4, [&seen](const std::string& key) {
      seen.push_back(key);
      return done();
    });
    for (const char* key : {"a", "b", "a", "c", "a"}) queue->add(key);
    return [](net::Executor e, std::shared_ptr<WorkQueue> q, std::vector<std::string>& s) -> Task<> {
      co_await until(e, *q, [&s] { return s.size() >= 3; });
    }(executor, queue, seen);
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(WorkQueue, WhatIsUrgentComesFirst) {
  std::vector<std::string> seen;
  run([&](net::Executor executor) -> Task<> {
    auto queue = std::make_shared<WorkQueue>(executor, "q", 1, [&seen](const std::string& key) {
      seen.push_back(key);
      return done();
    });
    for (const char* key : {"a", "b", "c"}) queue->add(key);
    for (const char* key : {"d", "b"}) queue->add(key, WorkQueue::Urgency::Urgent);
    queue->add("d");
    return [](net::Executor e, std::shared_ptr<WorkQueue> q, std::vector<std::string>& s) -> Task<> {
      co_await until(e, *q, [&s] { return s.size() >= 4; });
    }(executor, queue, seen);
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"d", "b", "a", "c"}));
}

TEST(WorkQueue, AKeyHasOneWorkerAndIsLookedAtAgainWhereItWasNamedMeanwhile) {
  run([](net::Executor executor) -> Task<> {
    int under_way = 0, most = 0, looks = 0;
    WorkQueue queue(executor, "q", 4, [&](const std::string&) {
      ++looks;
      EXPECT_EQ(under_way, 0);
      return takes(milliseconds(20), under_way);
    });
    net::Scope scope(executor);
    scope.spawn("queue", queue.run());
    queue.add("a");
    co_await net::sleep_for(milliseconds(5));
    queue.add("a");
    queue.add("a");
    co_await net::sleep_for(milliseconds(100));
    EXPECT_EQ(looks, 2);
    most = under_way;
    EXPECT_EQ(most, 0);
    co_await scope.close();
  });
}

TEST(WorkQueue, NoMoreWorkersThanAllowed) {
  run([](net::Executor executor) -> Task<> {
    int under_way = 0, most = 0, looks = 0;
    WorkQueue queue(executor, "q", 3, [&](const std::string&) {
      ++looks;
      most = std::max(most, under_way + 1);
      return takes(milliseconds(5), under_way);
    });
    for (int i = 0; i < 20; ++i) queue.add(std::to_string(i));
    co_await until(executor, queue, [&] { return looks == 20 && under_way == 0; });
    EXPECT_EQ(most, 3);
  });
}

TEST(WorkQueue, AFailureIsTriedAgainUntilItSucceeds) {
  run([](net::Executor executor) -> Task<> {
    int looks = 0;
    WorkQueue queue(executor, "q", 1, [&](const std::string&) -> Task<Again> {
      if (++looks < 4) throw Error("not yet");
      return done();
    });
    const auto begun = steady_clock::now();
    queue.add("a");
    co_await until(executor, queue, [&] { return looks == 4; });
    EXPECT_GE(steady_clock::now() - begun, milliseconds(5 + 10 + 20)) << "with growing pauses";
    co_await net::sleep_for(milliseconds(60));
    EXPECT_EQ(looks, 4);
  });
}

TEST(WorkQueue, AReconcileSaysWhenToLookAgain) {
  run([](net::Executor executor) -> Task<> {
    int looks = 0;
    WorkQueue queue(executor, "q", 1,
                    [&](const std::string&) { return done(++looks < 3 ? Again(milliseconds(10)) : Again()); });
    queue.add("a");
    co_await until(executor, queue, [&] { return looks == 3; });
  });
}

TEST(WorkQueue, OfSeveralDelaysTheEarliestWins) {
  run([](net::Executor executor) -> Task<> {
    int looks = 0;
    WorkQueue queue(executor, "q", 1, [&](const std::string&) {
      ++looks;
      return done();
    });
    queue.add_after("a", std::chrono::hours(1));
    queue.add_after("a", milliseconds(10));
    queue.add_after("a", std::chrono::hours(2));
    co_await until(executor, queue, [&] { return looks == 1; });
  });
}

TEST(WorkQueue, TheLongestDelayIsNotDueAtOnce) {
  int looks = 0;
  run([&](net::Executor executor) -> Task<> {
    auto queue = std::make_shared<WorkQueue>(executor, "q", 1, [&looks](const std::string& key) {
      looks += key == "late";
      return done();
    });
    queue->add_after("late", milliseconds::max());
    queue->add_after("soon", milliseconds(20));
    return [](net::Executor e, std::shared_ptr<WorkQueue> q) -> Task<> {
      net::Scope scope(e);
      scope.spawn("queue", q->run());
      co_await net::sleep_for(milliseconds(60));
      co_await scope.close();
    }(executor, queue);
  });
  EXPECT_EQ(0, looks);
}

TEST(WorkQueue, EndsItsWorkersWhenItIsCancelled) {
  run([](net::Executor executor) -> Task<> {
    int under_way = 0;
    WorkQueue queue(executor, "q", 2, [&](const std::string&) { return takes(std::chrono::hours(1), under_way); });
    queue.add("a");
    queue.add("b");
    co_await until(executor, queue, [&] { return under_way == 2; });
  });
}

}  // namespace
}  // namespace spoke::client
