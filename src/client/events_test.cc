#include "client/events.h"

#include <gtest/gtest.h>

#include "client/test_support.h"

namespace spoke::client {
namespace {

using testing::eventually;
using testing::FakeApi;
using testing::pod;
using testing::run;

struct Sent {
  std::vector<Object> created;
  std::vector<std::pair<std::string, json::value>> patched;
};

Task<Object> same(Object object) { co_return object; }

FakeApi api_into(Sent& sent) {
  FakeApi api;
  api.on_create = [&sent](const Object& object) {
    sent.created.push_back(object);
    return same(object);
  };
  api.on_patch = [&sent](const std::string& name, const json::value& body) {
    sent.patched.emplace_back(name, body);
    return same(body);
  };
  return api;
}

Task<> run_until(net::Executor executor, EventRecorder& recorder, std::function<bool()> holds) {
  net::Scope scope(executor);
  scope.spawn("events", recorder.run());
  EXPECT_TRUE(co_await eventually(std::move(holds)));
  co_await scope.close();
}

TEST(Events, SayWhatKubectlDescribeShows) {
  const Object event = make_event(pod("p", "7"), {"u-p", EventType::Warning, "Failed", "no image"}, "p.1", "spoke",
                                  "host", *parse_rfc3339("2026-03-01T12:00:00Z"));
  EXPECT_EQ(event, json::parse(R"({"apiVersion":"v1","kind":"Event","metadata":{"name":"p.1","namespace":"ns"},
      "involvedObject":{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u-p","namespace":"ns","resourceVersion":"7"},
      "type":"Warning","reason":"Failed","message":"no image","count":1,
      "firstTimestamp":"2026-03-01T12:00:00Z","lastTimestamp":"2026-03-01T12:00:00Z","eventTime":null,
      "source":{"component":"spoke"},"reportingComponent":"spoke","reportingInstance":"host"})"));
}

TEST(Events, ThoseOfAClusterWideObjectGoToDefault) {
  const Object node = json::parse(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n","uid":"u"}})");
  const Object event = make_event(node, {"u", EventType::Normal, "r", "m"}, "n.1", "spoke", "", now());
  EXPECT_EQ(kube::ns(event), "default");
  EXPECT_EQ(json::find(event, "involvedObject.namespace"), nullptr) << "else the API server refuses it";
}

TEST(EventRecorder, RepetitionsRaiseTheCount) {
  Sent sent;
  FakeApi api = api_into(sent);
  run([&](net::Executor executor) -> Task<> {
    EventRecorder recorder(executor, api, "spoke", "host");
    recorder.record(pod("p", "1"), EventType::Normal, "Pulled", "done");
    co_await run_until(executor, recorder, [&] { return sent.created.size() == 1; });
    recorder.record(pod("p", "2"), EventType::Normal, "Pulled", "done");
    recorder.record(pod("p", "2"), EventType::Normal, "Pulled", "done");
    co_await run_until(executor, recorder, [&] { return sent.patched.size() == 1; });
    recorder.record(pod("p", "2"), EventType::Normal, "Pulled", "otherwise");
    co_await run_until(executor, recorder, [&] { return sent.created.size() == 2; });
  });
  EXPECT_EQ(sent.patched[0].first, kube::name(sent.created[0]));
  EXPECT_EQ(json::num(sent.patched[0].second, "count"), 3);
  EXPECT_NE(kube::name(sent.created[0]), kube::name(sent.created[1]));
}

TEST(EventRecorder, AnEventThatHasExpiredIsMadeAnew) {
  Sent sent;
  FakeApi api = api_into(sent);
  api.on_patch = [](const std::string& name, const json::value&) -> Task<Object> {
    throw kube::not_found("", "events", name);
  };
  run([&](net::Executor executor) -> Task<> {
    EventRecorder recorder(executor, api, "spoke", "host");
    for (size_t i = 1; i <= 2; ++i) {
      recorder.record(pod("p", "1"), EventType::Normal, "Pulled", "done");
      co_await recorder.flush();
      EXPECT_EQ(sent.created.size(), i);
    }
  });
}

TEST(EventRecorder, ARefusalIsNoReasonToStop) {
  Sent sent;
  FakeApi api = api_into(sent);
  bool refused = false;
  api.on_create = [&](const Object& object) -> Task<Object> {
    if (!std::exchange(refused, true)) throw kube::forbidden("", "events", "", "no");
    sent.created.push_back(object);
    return same(object);
  };
  run([&](net::Executor executor) -> Task<> {
    EventRecorder recorder(executor, api, "spoke", "host");
    recorder.record(pod("p", "1"), EventType::Normal, "One", "");
    recorder.record(pod("p", "1"), EventType::Normal, "Two", "");
    co_await run_until(executor, recorder, [&] { return sent.created.size() == 1; });
  });
  EXPECT_EQ(json::str(sent.created[0], "reason"), "Two");
}

TEST(EventRecorder, AFloodIsBoundedAndLongMessagesAreCutBetweenCharacters) {
  Sent sent;
  FakeApi api = api_into(sent);
  run([&](net::Executor executor) -> Task<> {
    EventRecorder recorder(executor, api, "spoke", "host");
    std::string umlauts;
    for (int i = 0; i < 2000; ++i) umlauts += "ü";
    recorder.record(pod("p", "1"), EventType::Normal, "Long", umlauts);
    for (int i = 0; i < 11000; ++i) recorder.record(pod("p", "1"), EventType::Normal, "Flood", std::to_string(i));
    co_await recorder.flush();
  });
  EXPECT_EQ(sent.created.size(), 10000U);
  const auto message = json::str(sent.created[0], "message");
  EXPECT_LE(message.size(), 1024U);
  EXPECT_TRUE(message.ends_with("ü..."));
}

// A program that is told to end has not for ever, and its API server may be slow, or not there.
TEST(EventRecorder, WhatCannotBeSaidIsNoReasonToGoOn) {
  Sent sent;
  FakeApi api = api_into(sent);
  api.on_create = [&](Object object) -> Task<Object> {
    sent.created.push_back(object);
    co_await net::sleep_for(std::chrono::hours(1));
    co_return object;
  };
  run([&](net::Executor executor) -> Task<> {
    EventRecorder recorder(executor, api, "spoke", "host");
    for (int i = 0; i < 100; ++i) recorder.record(pod("p", "1"), EventType::Normal, "r", std::to_string(i));
    co_await recorder.flush(std::chrono::milliseconds(20));
  });
  EXPECT_EQ(sent.created.size(), 1U);
}

TEST(EventRecorder, WhatIsRememberedLongestIsForgotten) {
  Sent sent;
  FakeApi api = api_into(sent);
  run([&](net::Executor executor) -> Task<> {
    EventRecorder recorder(executor, api, "spoke", "host");
    for (int i = 0; i < 5000; ++i) recorder.record(pod("p", "1"), EventType::Normal, "r", std::to_string(i));
    co_await recorder.flush();
    recorder.record(pod("p", "1"), EventType::Normal, "r", "4999");
    recorder.record(pod("p", "1"), EventType::Normal, "r", "0");
    co_await recorder.flush();
  });
  EXPECT_EQ(sent.created.size(), 5001U) << "the first was forgotten, the last was not";
}

TEST(EventRecorder, WhatIsNoObjectDoesNoHarm) {
  Sent sent;
  FakeApi api = api_into(sent);
  run([&](net::Executor executor) -> Task<> {
    EventRecorder recorder(executor, api, "spoke", "host");
    recorder.record(nullptr, EventType::Normal, "", "");
    recorder.record(json::array{1}, EventType::Normal, "x", "y");
    co_await recorder.flush();
  });
}

}  // namespace
}  // namespace spoke::client
