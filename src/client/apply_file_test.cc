#include "client/apply_file.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "client/test_support.h"

namespace spoke::client {
namespace {

TEST(Documents, AreReadFromYamlAndJsonAndLists) {
  const auto documents = read_documents(R"(
apiVersion: v1
kind: Namespace
metadata: {name: n}
---
# nothing here
---
{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}},
  {"apiVersion": "v1", "kind": "Secret", "metadata": {"generateName": "b-"}}]}
)",
                                        "f.yaml");
  ASSERT_EQ(documents.size(), 3U);
  EXPECT_EQ(kube::kind(documents[2]), "Secret");
}

TEST(Documents, WhatIsNoneNamesTheFile) {
  for (const char* bad : {"[1]", "kind: Pod", "apiVersion: v1\nkind: Pod", "a: [",
                          "apiVersion: v1\nmetadata: {name: x}", "{apiVersion: v1, kind: List, items: [1]}"}) {
    try {
      read_documents(bad, "f.yaml");
      ADD_FAILURE() << bad;
    } catch (const Error& e) {
      EXPECT_TRUE(std::string(e.what()).starts_with("f.yaml: ")) << e.what();
    }
  }
}

TEST(ResourceList, LeavesSubresourcesOut) {
  const auto list = parse_resource_list(json::parse(R"({"resources":[
      {"name":"jobs","kind":"Job","namespaced":true},{"name":"jobs/status","kind":"Job","namespaced":true}]})"),
                                        "batch/v1");
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].path("ns", "j"), "/apis/batch/v1/namespaces/ns/jobs/j");
}

TEST(DisplayName, IsKubectls) {
  EXPECT_EQ(display_name(resources::spark_applications, "pi"), "sparkapplication.sparkoperator.k8s.io/pi");
  EXPECT_EQ(display_name(resources::pods, "p"), "pod/p");
}

// A server that knows ConfigMaps, and Things from the second time on that it is asked.
class ApplyTest : public testing::Served {
 protected:
  net::Handler handler() {
    return [this](net::Exchange& exchange) -> Task<> {
      const auto& request = exchange.request();
      asked_.push_back(request.method + " " + request.path);
      if (request.path == "/api/v1")
        return answer(exchange, 200, json::parse(R"({"resources":[
            {"name":"configmaps","kind":"ConfigMap","namespaced":true}]})"));
      if (request.path == "/apis/apiextensions.k8s.io/v1")
        return answer(exchange, 200, json::parse(R"({"resources":[
            {"name":"customresourcedefinitions","kind":"CustomResourceDefinition","namespaced":false}]})"));
      if (request.path == "/apis/example.com/v1" && ++asked_for_things_ > 1)
        return answer(exchange, 200,
                      json::parse(R"({"resources":[{"name":"things","kind":"Thing","namespaced":false}]})"));
      if (request.method == "GET" && stored_.is_object()) return answer(exchange, 200, stored_);
      if (request.method == "GET") return answer(exchange, 404, kube::not_found("", "x", "y").to_json());
      EXPECT_EQ(request.query.get("fieldManager"), "spoke");
      stored_ = json::parse(request.body);
      json::set(stored_, "metadata.resourceVersion", json::value(next_version_));
      return answer(exchange, 200, stored_);
    };
  }
  Object config_map(const std::string& ns = "") {
    Object object = json::parse(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","managedFields":[]}})");
    if (!ns.empty()) json::set(object, "metadata.namespace", json::value(ns));
    return object;
  }
  std::vector<std::string> asked_;
  json::value stored_;
  std::string next_version_ = "1";
  int asked_for_things_ = 0;
};

Task<> apply_thrice(HttpApi& api, Object object, std::string& next_version, std::vector<Applied>& out) {
  RestMapper mapper(api);
  for (const char* version : {"1", "2", "2"}) {
    next_version = version;
    out.push_back(co_await apply_object(api, mapper, object, {}));
  }
}

TEST_F(ApplyTest, SaysWhatChangedAndDiscoversOnce) {
  std::vector<Applied> applied;
  serve(handler(), [&](HttpApi& api) { return apply_thrice(api, config_map(), next_version_, applied); });
  ASSERT_EQ(applied.size(), 3U);
  EXPECT_EQ(applied[0].change, Applied::Change::Created);
  EXPECT_EQ(applied[1].change, Applied::Change::Configured);
  EXPECT_EQ(applied[2].change, Applied::Change::Unchanged);
  EXPECT_EQ(kube::ns(applied[0].object), "default");
  EXPECT_EQ(json::find(applied[0].object, "metadata.managedFields"), nullptr);
  EXPECT_EQ(std::count(asked_.begin(), asked_.end(), "GET /api/v1"), 1);
  EXPECT_EQ(asked_.back(), "PATCH /api/v1/namespaces/default/configmaps/c");
}

Task<std::string> error_of(HttpApi& api, Object object, ApplyOptions options) {
  RestMapper mapper(api);
  try {
    co_await apply_object(api, mapper, std::move(object), options);
  } catch (const Error& e) {
    co_return e.what();
  }
  co_return "";
}

TEST_F(ApplyTest, AChosenNamespaceBinds) {
  std::string error;
  serve(handler(), [&](HttpApi& api) -> Task<> {
    ApplyOptions options;
    options.ns = "mine";
    options.ns_is_binding = true;
    error = co_await error_of(api, config_map("other"), options);
  });
  EXPECT_EQ(error, "ConfigMap c is for the namespace other, not mine as --namespace says");
}

TEST_F(ApplyTest, AnUnknownKindIsNamedAtOnce) {
  std::string error;
  serve(handler(), [&](HttpApi& api) -> Task<> {
    error = co_await error_of(
        api, json::parse(R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"t"}})"), {});
  });
  EXPECT_TRUE(error.starts_with("the cluster has no kind \"Thing\" in example.com/v1")) << error;
}

TEST_F(ApplyTest, AKindThatItsDefinitionIsBringingIsWaitedFor) {
  serve(handler(), [](HttpApi& api) -> Task<> {
    RestMapper mapper(api);
    co_await apply_object(
        api, mapper,
        json::parse(
            R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"things"}})"),
        {});
    const Applied thing = co_await apply_object(
        api, mapper, json::parse(R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"t"}})"), {});
    EXPECT_EQ(thing.resource.plural, "things");
  });
}

}  // namespace
}  // namespace spoke::client
