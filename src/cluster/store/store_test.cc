#include "cluster/store/store.h"

#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "cluster/store/test_store.h"
#include "kube/status.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {
namespace {

using net::Task;
using testing::keys;
using testing::put;
using testing::with_store;
using Keys = std::vector<std::string>;

struct StoreTest : ::testing::Test {
  TempDir dir;
  Path file = dir.path() / "objects.sqlite";
};

TEST_F(StoreTest, WhatWasAcknowledgedIsThereAfterReopening) {
  with_store(file, [](Store& store) -> Task<> {
    co_await put(store, "core/pods/a/x", R"({"n":1})");
    co_await put(store, "core/pods/a/y", R"({"n":2})");
    co_await put(store, "core/pods/a/x", R"({"n":3})");
    co_await store.erase("core/pods/a/y", R"({"n":2})", {});
  });
  with_store(file, [](Store& store) -> Task<> {
    EXPECT_EQ(keys(store.range("core/pods/")), Keys{"core/pods/a/x"});
    EXPECT_EQ(*store.find("core/pods/a/x")->body, R"({"n":3})");
    EXPECT_EQ(store.find("core/pods/a/y"), nullptr);
    co_return;
  });
}

TEST_F(StoreTest, NoRevisionIsUsedTwiceNotEvenThatOfADeletion) {
  Revision last = 0;
  with_store(file, [&last](Store& store) -> Task<> {
    co_await put(store, "a");
    co_await store.erase("a", "{}", {});
    last = store.revision();
  });
  with_store(file, [&last](Store& store) -> Task<> {
    EXPECT_EQ(store.revision(), last);
    co_await put(store, "a");
    EXPECT_EQ(store.find("a")->revision, last + 1);
  });
}

TEST_F(StoreTest, WritesAtOnceAreCommittedTogetherAndInOrder) {
  with_store(file, [](Store& store) -> Task<> {
    net::Scope scope(co_await net::this_executor());
    for (int i = 0; i < 100; ++i)
      scope.spawn("write", put(store, "k/" + std::to_string(i % 10), "{\"i\":" + std::to_string(i) + "}"));
    co_await put(store, "last");
    EXPECT_EQ(store.revision(), 101);
    for (int k = 0; k < 10; ++k)
      EXPECT_EQ(*store.find("k/" + std::to_string(k))->body, "{\"i\":9" + std::to_string(k) + "}");
    co_await scope.close();
  });
}

TEST_F(StoreTest, ReadersSeeWhatIsOnDiskWritersWhatIsOnItsWay) {
  with_store(file, [](Store& store) -> Task<> {
    net::Scope scope(co_await net::this_executor());
    EXPECT_EQ(store.next_revision(), 1);
    scope.spawn("write", put(store, "a"));
    while (store.latest("a") == nullptr) co_await net::sleep_for(net::Millis(0));
    EXPECT_EQ(store.next_revision(), 2);
    co_await put(store, "b");  // is committed after it
    EXPECT_NE(store.find("a"), nullptr);
    co_await scope.close();
  });
}

TEST_F(StoreTest, AWatcherGetsEveryEventUnderItsPrefixOnce) {
  with_store(file, [](Store& store) -> Task<> {
    co_await put(store, "pods/a");
    auto pods = store.subscribe("pods/", 1);
    co_await put(store, "pods/b");
    co_await put(store, "secrets/s");
    co_await store.erase("pods/a", "{}", {});
    std::vector<std::string> seen;
    while (seen.size() < 2)
      for (const Event* e : co_await pods->next()) seen.push_back((e->type == Event::Type::Put ? "+" : "-") + e->key);
    EXPECT_EQ(seen, (Keys{"+pods/b", "-pods/a"}));
    EXPECT_TRUE((co_await pods->next_for(net::Millis(1))).empty());
    EXPECT_EQ(pods->progress(), store.revision());
  });
}

TEST_F(StoreTest, AWatchFromBeforeTheWindowIsExpired) {
  with_store(file, [](Store& store) -> Task<> {
    co_await put(store, "a");
    co_await put(store, "b");
    store.forget_events();
    EXPECT_NO_THROW(store.subscribe("", 2));
    try {
      store.subscribe("", 1);
      ADD_FAILURE() << "a forgotten revision can be watched from";
    } catch (const kube::StatusError& e) {
      EXPECT_TRUE(e.is("Expired"));
      EXPECT_EQ(e.message(), "too old resource version: 1 (2)");
    }
    // A watcher that sleeps through more than the window holds learns it, too.
    auto slow = store.subscribe("", 2);
    co_await put(store, "c");
    store.forget_events();
    EXPECT_THROW(slow->poll(), kube::StatusError);
  });
}

TEST_F(StoreTest, ARangeAtAnOlderRevisionIsAsItWasThen) {
  with_store(file, [](Store& store) -> Task<> {
    co_await put(store, "p/a", R"({"n":1})");  // 1
    co_await put(store, "p/b");                // 2
    co_await put(store, "p/a", R"({"n":2})");  // 3
    co_await store.erase("p/b", "{}", {});     // 4
    co_await put(store, "p/c");                // 5
    EXPECT_EQ(keys(store.range("p/", 2)), (Keys{"p/a", "p/b"}));
    EXPECT_EQ(*store.range("p/", 2)[0].second.body, R"({"n":1})");
    EXPECT_EQ(keys(store.range("p/", 4)), Keys{"p/a"});
    EXPECT_EQ(keys(store.range("p/")), (Keys{"p/a", "p/c"}));
    EXPECT_EQ(keys(store.range("p/", 0, "p/a")), Keys{"p/c"});
  });
}

TEST_F(StoreTest, AFileThatIsNoDatabaseIsRefused) {
  std::ofstream(file) << std::string(8192, 'x');
  boost::asio::io_context loop;
  try {
    Store store(loop.get_executor(), file, testing::tag);
    ADD_FAILURE() << "garbage was opened";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(file.string()), std::string::npos) << e.what();
  }
}

TEST_F(StoreTest, AWriteThatFindsTheDiskFullFailsAndTheNextOneMayNot) {
  const Path small = dir.path() / "small";
  std::filesystem::create_directory(small);
  if (::geteuid() != 0 || ::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=512k") != 0) {
    std::cout << "skipped: only root can mount a file system that is soon full\n";
    GTEST_SKIP();
  }
  with_store(small / "objects.sqlite", [](Store& store) -> Task<> {
    co_await put(store, "a");
    const Revision before = store.revision();
    bool refused = false;
    try {
      co_await put(store, "big", "{\"x\":\"" + std::string(1U << 20, 'x') + "\"}");
    } catch (const Error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    EXPECT_EQ(store.find("big"), nullptr);
    EXPECT_EQ(store.latest("big"), nullptr);
    EXPECT_EQ(store.revision(), before);
    co_await put(store, "b");
    EXPECT_NE(store.find("b"), nullptr);
  });
  ::umount2(small.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace spoke::cluster
