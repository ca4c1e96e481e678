#include "client/informer.h"

#include <gtest/gtest.h>

#include "client/test_support.h"

namespace spoke::client {
namespace {

using testing::eventually;
using testing::FakeApi;
using testing::FakeWatch;
using testing::pod;
using testing::run;
using Type = WatchEvent::Type;

List list_of(std::vector<Object> items, const std::string& version, const std::string& token = "") {
  return {version, token, std::move(items)};
}

Task<List> gives(List list) { co_return list; }
Task<std::unique_ptr<Watch>> watches(std::deque<WatchEvent> events, FakeWatch::Then then) {
  co_return std::make_unique<FakeWatch>(std::move(events), then);
}

// Writes down what an informer tells: "+a", "~a", "-a".
struct Diary {
  std::vector<std::string> lines;
  Informer::Changed changed() {
    return [this](const Object* before, const Object* after) {
      const char* sign = before == nullptr ? "+" : after == nullptr ? "-" : "~";
      lines.push_back(sign + std::string(kube::name(after != nullptr ? *after : *before)));
    };
  }
};

InformerOptions pods() {
  InformerOptions options;
  options.resource = resources::pods;
  options.ns = "ns";
  return options;
}

using Lines = std::vector<std::string>;

Task<> until(net::Executor executor, Informer& informer, std::function<bool()> holds) {
  net::Scope scope(executor);
  scope.spawn("informer", informer.run());
  EXPECT_TRUE(co_await eventually(std::move(holds)));
  co_await scope.close();
}

TEST(Informer, ListsInPagesThenWatchesFromTheListsVersion) {
  FakeApi api;
  std::vector<std::string> tokens, versions;
  api.on_list = [&](const ListOptions& options) {
    tokens.push_back(options.continue_token);
    EXPECT_GT(options.limit, 0);
    return options.continue_token.empty() ? gives(list_of({pod("a", "1")}, "5", "next"))
                                          : gives(list_of({pod("b", "2")}, "5"));
  };
  api.on_watch = [&](const WatchOptions& options) {
    versions.push_back(options.resource_version);
    return watches(
        {{Type::Added, pod("c", "6")}, {Type::Modified, pod("a", "7", "Failed")}, {Type::Deleted, pod("b", "8")}},
        FakeWatch::Then::Silence);
  };
  Diary diary;
  Informer informer(api, pods(), diary.changed());
  run([&](net::Executor executor) { return until(executor, informer, [&] { return diary.lines.size() == 5; }); });
  EXPECT_EQ(diary.lines, (Lines{"+a", "+b", "+c", "~a", "-b"}));
  EXPECT_EQ(tokens, (Lines{"", "next"}));
  EXPECT_EQ(versions, (Lines{"5"}));
  EXPECT_TRUE(informer.synced());
  EXPECT_EQ(json::str(*informer.find("ns/a"), "status.phase"), "Failed");
  EXPECT_EQ(informer.find("ns/b"), nullptr);
  EXPECT_EQ(informer.all().size(), 2U);
}

TEST(Informer, ResumesFromTheLastVersionThatItSawBookmarksIncluded) {
  FakeApi api;
  int lists = 0;
  std::vector<std::string> versions;
  api.on_list = [&](const ListOptions&) {
    ++lists;
    return gives(list_of({}, "5"));
  };
  api.on_watch = [&](const WatchOptions& options) {
    versions.push_back(options.resource_version);
    if (versions.size() == 1) return watches({{Type::Bookmark, pod("", "9")}}, FakeWatch::Then::End);
    if (versions.size() == 2) return watches({{Type::Added, pod("a", "12")}}, FakeWatch::Then::End);
    return watches({}, FakeWatch::Then::Silence);
  };
  Informer informer(api, pods(), nullptr);
  run([&](net::Executor executor) { return until(executor, informer, [&] { return versions.size() == 3; }); });
  EXPECT_EQ(versions, (Lines{"5", "9", "12"}));
  EXPECT_EQ(lists, 1);
  EXPECT_EQ(informer.all().size(), 1U) << "a bookmark is no object";
}

TEST(Informer, AfterFallingTooFarBehindItNoticesWhatChangedAndWhatWent) {
  FakeApi api;
  int lists = 0;
  api.on_list = [&](const ListOptions&) {
    return ++lists == 1 ? gives(list_of({pod("a", "1"), pod("b", "2"), pod("c", "3")}, "5"))
                        : gives(list_of({pod("b", "2"), pod("c", "30"), pod("d", "31")}, "40"));
  };
  api.on_watch = [&](const WatchOptions&) {
    return watches({}, lists == 1 ? FakeWatch::Then::Expired : FakeWatch::Then::Silence);
  };
  Diary diary;
  Informer informer(api, pods(), diary.changed());
  run([&](net::Executor executor) { return until(executor, informer, [&] { return diary.lines.size() >= 6; }); });
  EXPECT_EQ(diary.lines, (Lines{"+a", "+b", "+c", "~c", "+d", "-a"})) << "b did not change";
}

TEST(Informer, KeepsWhatItHasWhileTheServerIsAway) {
  FakeApi api;
  int watched = 0;
  api.on_list = [&](const ListOptions&) { return gives(list_of({pod("a", "1")}, "5")); };
  api.on_watch = [&](const WatchOptions&) -> Task<std::unique_ptr<Watch>> {
    if (++watched <= 2) throw net::ConnectionError("connection refused");
    return watches({}, FakeWatch::Then::Silence);
  };
  Diary diary;
  Informer informer(api, pods(), diary.changed());
  run([&](net::Executor executor) { return until(executor, informer, [&] { return watched == 3; }); });
  EXPECT_EQ(diary.lines, (Lines{"+a"}));
}

TEST(Informer, AProjectionIsAllThatIsKept) {
  FakeApi api;
  api.on_list = [&](const ListOptions&) { return gives(list_of({pod("a", "1")}, "5")); };
  api.on_watch = [&](const WatchOptions&) {
    return watches({{Type::Modified, pod("a", "6", "Failed")}}, FakeWatch::Then::Silence);
  };
  InformerOptions options = pods();
  options.project = [](const Object& whole) -> Object {
    return json::object{{"phase", json::str(whole, "status.phase")}};
  };
  int changes = 0;
  Informer informer(api, options, [&](const Object*, const Object*) { ++changes; });
  run([&](net::Executor executor) { return until(executor, informer, [&] { return changes == 2; }); });
  EXPECT_EQ(json::dump(*informer.find("ns/a")), R"({"phase":"Failed"})");
}

TEST(Informer, AnUnknownPodsEndIsNoNews) {
  FakeApi api;
  bool watched = false;
  api.on_list = [&](const ListOptions&) { return gives(list_of({}, "5")); };
  api.on_watch = [&](const WatchOptions&) {
    watched = true;
    return watches({{Type::Deleted, pod("ghost", "6")}, {Type::Added, pod("a", "7")}}, FakeWatch::Then::Silence);
  };
  Diary diary;
  Informer informer(api, pods(), diary.changed());
  run([&](net::Executor executor) {
    return until(executor, informer, [&] { return watched && !diary.lines.empty(); });
  });
  EXPECT_EQ(diary.lines, (Lines{"+a"}));
}

}  // namespace
}  // namespace spoke::client
