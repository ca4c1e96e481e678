#include "client/requests.h"

#include <gtest/gtest.h>

namespace spoke::client {
namespace {

TEST(Resource, PathsAsInTheApiConventions) {
  EXPECT_EQ(resources::pods.path("ns", "p", "status"), "/api/v1/namespaces/ns/pods/p/status");
  EXPECT_EQ(resources::pods.path(""), "/api/v1/pods");
  EXPECT_EQ(resources::spark_applications.path("ns"),
            "/apis/sparkoperator.k8s.io/v1beta2/namespaces/ns/sparkapplications");
  EXPECT_EQ(resources::nodes.path("ignored", "n"), "/api/v1/nodes/n");
}

TEST(Requests, AListNamesOnlyWhatIsChosen) {
  EXPECT_EQ(list_request(resources::pods, "ns", {}).query.encode(), "");
  ListOptions options;
  options.label_selector = "a=b";
  options.resource_version = "0";
  options.limit = 5;
  EXPECT_EQ(list_request(resources::pods, "ns", options).query.encode(),
            "labelSelector=a%3Db&limit=5&resourceVersion=0");
}

TEST(Requests, AContinueTokenStandsInForTheVersion) {
  ListOptions options;
  options.resource_version = "7";
  options.continue_token = "t";
  const auto request = list_request(resources::pods, "ns", options);
  EXPECT_FALSE(request.query.has("resourceVersion"));
  EXPECT_EQ(request.query.get("continue"), "t");
}

TEST(Requests, AWatchAsksForBookmarksAndItsEnd) {
  WatchOptions options;
  options.resource_version = "12";
  EXPECT_EQ(watch_request(resources::pods, "ns", options, std::chrono::seconds(300)).query.encode(),
            "watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=12");
}

TEST(Requests, AnApplyNamesItsManager) {
  PatchOptions options;
  options.field_manager = "spoke";
  options.force = true;
  const auto request = patch_request(resources::pods, "ns", "p", PatchType::Apply, json::object{}, options);
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.headers.get("content-type"), "application/apply-patch+yaml");
  EXPECT_EQ(request.query.encode(), "fieldManager=spoke&force=true");
}

TEST(Requests, ADeleteCarriesItsPreconditions) {
  DeleteOptions options;
  options.grace_period_seconds = 0;
  options.uid = "u";
  options.propagation = "Foreground";
  EXPECT_EQ(json::parse(delete_request(resources::pods, "ns", "p", options).body),
            json::parse(R"({"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,
                            "propagationPolicy":"Foreground","preconditions":{"uid":"u"}})"));
}

}  // namespace
}  // namespace spoke::client
