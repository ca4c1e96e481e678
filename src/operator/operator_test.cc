#include "operator/operator.h"

#include <gtest/gtest.h>

#include "operator/labels.h"
#include "operator/test_operator.h"

namespace spoke::op {
namespace {

TEST(Operator, CountsForPrometheus) {
  MapApi api;
  json::value app = application();
  app.as_object()["metadata"].as_object()["labels"] = json::object{{"team.example.com/name", "etl"}};
  app.as_object()["metadata"].as_object()["creationTimestamp"] = "2026-01-01T00:00:00Z";
  api.put(spark_applications, std::move(app));
  OperatorOptions options;
  options.metrics = {.prefix = "our-", .labels = {"team.example.com/name", "namespace", "stage"}};
  std::string text;
  const auto has = [&](const std::string& name, const std::string& value) {
    const std::string line = fmt::format(
        "\nour_spark_{}{{team_example_com_name=\"etl\",namespace=\"jobs\",stage=\"Unknown\"}} {}\n", name, value);
    return text.contains(line);
  };
  ASSERT_TRUE(run_until(api, is_served(api), options, &text));
  EXPECT_TRUE(has("application_count", "1")) << text;
  EXPECT_TRUE(has("application_submit_count", "1")) << text;
  EXPECT_TRUE(has("application_submit_latency_seconds_histogram_count", "1")) << text;
  EXPECT_TRUE(text.contains("\nworkqueue_adds_total{controller=\"spark-application-controller\","));
  EXPECT_TRUE(text.contains("\nworkqueue_depth{controller=\"scheduled-spark-application-controller\","));

  set_phase(api, "pi-driver", json::object{{"phase", "Running"}});
  ASSERT_TRUE(run_until(api, state_is(api, State::Running), options, &text));
  EXPECT_TRUE(has("application_start_latency_seconds_count", "1")) << text;
  // One that runs already is counted, what another operator saw is not.
  ASSERT_TRUE(run_until(api, state_is(api, State::Running), options, &text));
  set_phase(api, "pi-driver", ended("Succeeded", 0));
  int looks = 0;  // some more, until the operator has seen what it wrote
  ASSERT_TRUE(run_until(api, [&] { return status(api).state == State::Completed && ++looks > 10; }, options, &text));
  EXPECT_TRUE(has("application_success_count", "1")) << text;
  EXPECT_TRUE(has("application_success_execution_time_seconds_count", "1")) << text;
  EXPECT_TRUE(has("application_running_count", "0")) << text;
  EXPECT_FALSE(text.contains("our_spark_application_count"));
}

TEST(Operator, AReplicaDoesItsShardsAlone) {
  MapApi api;
  api.put(spark_applications, application());
  const int ours = shard_of("jobs", 3);
  const auto lease = [](int shard, const char* who) {
    return json::object{{"kind", "Lease"},
                        {"metadata", json::object{{"name", fmt::format("lock-{}", shard)}, {"namespace", "spoke"}}},
                        {"spec", json::object{{"holderIdentity", who}, {"leaseDurationSeconds", 60}}}};
  };
  OperatorOptions options;
  options.election = client::ElectionOptions{.ns = "spoke", .name = "lock", .identity = "a", .shards = 3};
  for (int shard = 0; shard < 3; ++shard) {
    kube::Object held = lease(shard, shard == ours ? "b" : "");
    held.as_object()["metadata"].as_object()["labels"] = json::object{{"spoke.dev/election", "lock"}};
    api.put(client::resources::leases, std::move(held));
  }
  const auto two_are_ours = [&] {
    int count = 0;
    for (const auto& held : api.all(client::resources::leases))
      if (json::str(held, "spec.holderIdentity") == "a" && kube::name(held) != "lock-a") ++count;
    return count == 2;
  };
  int looks = 0;
  run_until(api, [&] { return two_are_ours() && ++looks > 100; }, options);
  EXPECT_GT(looks, 100);
  EXPECT_EQ(nullptr, api.find(pods, "jobs", "pi-driver"));

  kube::Object held = *api.find(client::resources::leases, "spoke", fmt::format("lock-{}", ours));
  held.as_object()["spec"].as_object()["holderIdentity"] = "";
  api.put(client::resources::leases, std::move(held));
  EXPECT_TRUE(run_until(api, is_served(api), options));
}

TEST(Operator, NamespacesAreSelectedByLabelsAsTheyChange) {
  MapApi api;
  const auto put_namespace = [&](const char* team) {
    api.put(client::resources::namespaces,
            json::object{{"kind", "Namespace"},
                         {"metadata", json::object{{"name", "jobs"}, {"labels", json::object{{"team", team}}}}}});
  };
  put_namespace("other");
  api.put(spark_applications, application());
  OperatorOptions options;
  options.namespace_selector = "team=etl";
  int looks = 0;
  run_until(api, [&] { return ++looks > 50; }, options);
  EXPECT_TRUE(api.writes.empty());
  looks = 0;
  EXPECT_TRUE(run_until(
      api,
      [&] {
        if (++looks == 10) put_namespace("etl");
        return is_served(api)();
      },
      options));
}

TEST(Operator, NamedNamespacesAreServedBesideTheSelectedOnes) {
  MapApi api;
  api.put(spark_applications, application());
  OperatorOptions options;
  options.namespace_selector = "team=etl";
  options.namespaces = {"jobs"};
  EXPECT_TRUE(run_until(api, is_served(api), options));
}

}  // namespace
}  // namespace spoke::op
