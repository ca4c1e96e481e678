#include "cluster/api/reader.h"

#include "cluster/api/registry.h"
#include "cluster/store/test_store.h"

namespace spoke::cluster {
namespace {

using net::Task;
using Names = std::vector<std::string>;

const ResourceType& config_maps() {
  static const Catalog catalog;
  return *catalog.find("", "v1", "configmaps");
}

Task<> put(Store& store, std::string ns, std::string name, std::string color = "") {
  json::object labels;
  if (!color.empty()) labels["color"] = color;
  const Object object = json::object{{"kind", "ConfigMap"},
                                     {"apiVersion", "v1"},
                                     {"metadata", json::object{{"name", name}, {"namespace", ns}, {"labels", labels}}}};
  co_await store.put(config_maps().key(ns, name), render(object, store.next_revision()),
                     tags_of(config_maps(), object));
}

Selection all(std::string_view ns = "", std::string_view labels = "", std::string_view fields = "") {
  return Selection::parse(config_maps(), ns, labels, fields);
}

Names names(const Page& page) {
  Names out;
  for (const auto& entry : page.entries) out.emplace_back(kube::name(json::parse(*entry.body)));
  return out;
}

void with_maps(std::function<Task<>(Store&)> test) {
  const TempDir dir;
  testing::with_store(dir.path() / "objects.sqlite", [test](Store& store) -> Task<> {
    co_await put(store, "x", "a", "red");
    co_await put(store, "x", "b", "blue");
    co_await put(store, "x", "c", "red");
    co_await put(store, "y", "a", "red");
    co_await test(store);
  });
}

ListQuery page_of(std::int64_t limit, std::string token = "") {
  ListQuery query;
  query.limit = limit;
  query.continue_token = std::move(token);
  return query;
}

TEST(ListTest, ByNamespaceLabelsAndFields) {
  with_maps([](Store& store) -> Task<> {
    EXPECT_EQ(names(list(store, config_maps(), all("x"), {})), (Names{"a", "b", "c"}));
    EXPECT_EQ(names(list(store, config_maps(), all(""), {})), (Names{"a", "b", "c", "a"}));
    EXPECT_EQ(names(list(store, config_maps(), all("x", "color=red"), {})), (Names{"a", "c"}));
    EXPECT_EQ(names(list(store, config_maps(), all("", "", "metadata.name=a,metadata.namespace!=x"), {})), Names{"a"});
    EXPECT_EQ(list(store, config_maps(), all("x"), {}).metadata.at("resourceVersion"), json::value("4"));
    co_return;
  });
}

TEST(ListTest, AFieldThatTheKindDoesNotKnowIsRefused) { EXPECT_THROW(all("x", "", "data.k=1"), kube::StatusError); }

TEST(ListTest, PagesAreOfOneMomentWhateverIsWrittenBetween) {
  with_maps([](Store& store) -> Task<> {
    const Page first = list(store, config_maps(), all("x"), page_of(2));
    EXPECT_EQ(names(first), (Names{"a", "b"}));
    EXPECT_EQ(first.metadata.at("remainingItemCount"), json::value(1));
    co_await put(store, "x", "d");
    const Page second =
        list(store, config_maps(), all("x"), page_of(2, json::to_string(first.metadata.at("continue").as_string())));
    EXPECT_EQ(names(second), Names{"c"});
    EXPECT_EQ(second.metadata.at("resourceVersion"), first.metadata.at("resourceVersion"));
    EXPECT_FALSE(second.metadata.contains("continue"));
  });
}

TEST(ListTest, WithASelectorNobodyCountsTheRest) {
  with_maps([](Store& store) -> Task<> {
    const Page page = list(store, config_maps(), all("x", "color=red"), page_of(1));
    EXPECT_TRUE(page.metadata.contains("continue"));
    EXPECT_FALSE(page.metadata.contains("remainingItemCount"));
    co_return;
  });
}

TEST(ListTest, ATokenOfAForgottenMomentIsExpiredAndForeignOnesAreRefused) {
  with_maps([](Store& store) -> Task<> {
    const std::string token =
        json::to_string(list(store, config_maps(), all("x"), page_of(1)).metadata.at("continue").as_string());
    EXPECT_THROW(list(store, config_maps(), all("y"), page_of(1, token)), kube::StatusError);
    for (const char* broken : {"!", "word", "e30", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiL2V0YyJ9"})
      EXPECT_THROW(list(store, config_maps(), all("x"), page_of(1, broken)), kube::StatusError) << broken;
    co_await put(store, "x", "d");
    store.forget_events();
    try {
      list(store, config_maps(), all("x"), page_of(1, token));
      ADD_FAILURE() << "a page of a forgotten moment";
    } catch (const kube::StatusError& e) {
      EXPECT_TRUE(e.is("Expired"));
    }
  });
}

TEST(ListTest, AnExactVersionIsAsThenANotOlderOneIsNow) {
  with_maps([](Store& store) -> Task<> {
    ListQuery query;
    query.resource_version = "2";
    EXPECT_EQ(names(list(store, config_maps(), all("x"), query)), (Names{"a", "b", "c"}));
    query.resource_version_match = "Exact";
    EXPECT_EQ(names(list(store, config_maps(), all("x"), query)), (Names{"a", "b"}));
    query.resource_version = "99";
    try {
      list(store, config_maps(), all("x"), query);
      ADD_FAILURE() << "a version of the future";
    } catch (const kube::StatusError& e) {
      EXPECT_EQ(e.code(), 504);
    }
    co_return;
  });
}

TEST(SeenTest, WhatComesToMatchIsAddedWhatNoLongerDoesIsDeleted) {
  with_maps([](Store& store) -> Task<> {
    auto events = store.subscribe(config_maps().prefix("x"), store.revision());
    co_await put(store, "x", "b", "red");
    co_await put(store, "x", "b", "red");
    co_await put(store, "x", "b", "green");
    co_await put(store, "x", "b", "green");
    std::vector<std::string_view> types;
    for (const Event* event : co_await events->next()) types.push_back(seen_as(*event, all("x", "color=red")).type);
    EXPECT_EQ(types, (std::vector<std::string_view>{"ADDED", "MODIFIED", "DELETED", ""}));
  });
}

TEST(RevisionTest, OnlyNumbersAreVersions) {
  EXPECT_EQ(revision_problem(""), "");
  EXPECT_EQ(revision_problem("12"), "");
  EXPECT_EQ(revision_problem("word"),
            R"(resourceVersion: Invalid value: "word": strconv.ParseUint: parsing "word": invalid syntax)");
  EXPECT_NE(revision_problem("-1"), "");
}

}  // namespace
}  // namespace spoke::cluster
