#include "client/election.h"

#include "client/map_api.h"
#include "client/test_support.h"

namespace spoke::client {
namespace {

using testing::eventually;
using testing::MapApi;
using testing::run;

ElectionOptions of(const std::string& identity, int shards = 1) {
  return {.ns = "spoke",
          .name = "lock",
          .identity = identity,
          .shards = shards,
          .lease = std::chrono::seconds(1),
          .renew_deadline = std::chrono::milliseconds(600),
          .retry = std::chrono::milliseconds(20)};
}

// A replica, and its line to the API server. `work`: it works on what is its own.
struct Replica {
  Replica(net::Executor executor, MapApi& api, ElectionOptions options)
      : line(api), election(executor, line, std::move(options)), scope(executor) {
    scope.spawn("election", election.run());
  }

  struct Line : Api {
    explicit Line(MapApi& api) : to(api) {}
    MapApi& through() {
      if (dead) throw net::ConnectionError("cut off");
      return to;
    }
    Task<Object> get(const Resource& r, std::string_view ns, std::string_view name) override {
      return through().get(r, ns, name);
    }
    Task<List> list(const Resource& r, std::string_view ns, const ListOptions& o) override {
      return through().list(r, ns, o);
    }
    Task<Object> create(const Resource& r, std::string_view ns, Object object) override {
      return through().create(r, ns, std::move(object));
    }
    Task<Object> update(const Resource& r, std::string_view ns, Object object, std::string_view sub) override {
      return through().update(r, ns, std::move(object), sub);
    }
    Task<Object> patch(const Resource& r, std::string_view ns, std::string_view name, PatchType type, json::value body,
                       const PatchOptions& o) override {
      return through().patch(r, ns, name, type, std::move(body), o);
    }
    Task<> remove(const Resource& r, std::string_view ns, std::string_view name, const DeleteOptions& o) override {
      return through().remove(r, ns, name, o);
    }
    Task<std::unique_ptr<Watch>> watch(const Resource& r, std::string_view ns, const WatchOptions& o) override {
      return through().watch(r, ns, o);
    }
    MapApi& to;
    bool dead = false;
  };

  Line line;
  Election election;
  net::Scope scope;
};

std::string holder(const MapApi& api, const std::string& name) {
  const Object* lease = api.find(resources::leases, "spoke", name);
  return lease == nullptr ? "" : std::string(json::str(*lease, "spec.holderIdentity"));
}

TEST(Election, OneLeadsUntilItGoes) {
  run([](net::Executor executor) -> Task<> {
    MapApi api;
    Replica a(executor, api, of("a"));
    EXPECT_TRUE(co_await eventually([&] { return a.election.mine() == std::set<int>{0}; }));
    Replica b(executor, api, of("b"));
    co_await net::sleep_for(net::Millis(200));
    EXPECT_TRUE(b.election.mine().empty());
    EXPECT_EQ("a", holder(api, "lock"));
    co_await a.scope.close();
    EXPECT_TRUE(co_await eventually([&] { return b.election.mine() == std::set<int>{0}; }));
    EXPECT_EQ("b", holder(api, "lock"));
    co_await b.scope.close();
    EXPECT_EQ("", holder(api, "lock"));
  });
}

TEST(Election, OneThatIsCutOffStopsBeforeAnotherBegins) {
  run([](net::Executor executor) -> Task<> {
    MapApi api;
    Replica a(executor, api, of("a"));
    EXPECT_TRUE(co_await eventually([&] { return !a.election.mine().empty(); }));
    Replica b(executor, api, of("b"));
    a.line.dead = true;
    bool both = false;
    EXPECT_TRUE(co_await eventually([&] {
      both = both || (!a.election.mine().empty() && !b.election.mine().empty());
      return !b.election.mine().empty();
    }));
    EXPECT_FALSE(both);
    a.line.dead = false;  // it has lost its turn, and does not take it back
    co_await net::sleep_for(net::Millis(200));
    EXPECT_TRUE(a.election.mine().empty());
    EXPECT_EQ(1, json::num(*api.find(resources::leases, "spoke", "lock"), "spec.leaseTransitions"));
    co_await a.scope.close();
    co_await b.scope.close();
  });
}

TEST(Election, ShardsAreDividedAndPassedOnWhenNobodyWorksOnThem) {
  run([](net::Executor executor) -> Task<> {
    MapApi api;
    Replica a(executor, api, of("a", 4));
    EXPECT_TRUE(co_await eventually([&] { return a.election.mine().size() == 4; }));
    a.election.at_work({0, 1, 2, 3});
    Replica b(executor, api, of("b", 4));
    EXPECT_TRUE(co_await eventually([&] { return a.election.mine() == std::set<int>{0, 2}; }));
    co_await net::sleep_for(net::Millis(100));
    EXPECT_TRUE(b.election.mine().empty());
    a.election.at_work({0, 2});
    EXPECT_TRUE(co_await eventually([&] { return b.election.mine() == std::set<int>{1, 3}; }));
    b.line.dead = true;  // it dies, and takes nothing along
    EXPECT_TRUE(co_await eventually([&] { return a.election.mine().size() == 4; }));
    co_await a.scope.close();
    co_await b.scope.close();
  });
}

TEST(Election, WhatWasEditedByAnotherIsNotOverwritten) {
  run([](net::Executor executor) -> Task<> {
    MapApi api;
    api.put(resources::leases, json::object{{"kind", "Lease"},
                                            {"metadata", json::object{{"name", "lock"}, {"namespace", "spoke"}}},
                                            {"spec", json::object{{"holderIdentity", "kubeflow_1"},
                                                                  {"leaseDurationSeconds", 1},
                                                                  {"renewTime", "2026-01-01T00:00:00.000000Z"}}}});
    Replica a(executor, api, of("a"));
    co_await net::sleep_for(net::Millis(300));
    EXPECT_TRUE(a.election.mine().empty());  // the time in it is old, but nobody was seen not to renew it
    EXPECT_TRUE(co_await eventually([&] { return !a.election.mine().empty(); }));
    co_await a.scope.close();
  });
}

}  // namespace
}  // namespace spoke::client
