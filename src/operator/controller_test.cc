// The operator's edge against an API server in a map: what it asks for, in which order, and that it can be cut off
// anywhere.

#include "operator/controller.h"

#include <gtest/gtest.h>

#include "operator/crds.h"
#include "operator/labels.h"
#include "operator/test_operator.h"

namespace spoke::op {
namespace {

TEST(Operator, SubmitsWhatIsCreated) {
  MapApi api;
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, is_served(api)));

  const kube::Object* driver = api.find(pods, "jobs", "pi-driver");
  ASSERT_NE(nullptr, driver);
  const Status s = status(api);
  EXPECT_EQ(s.submission_id, kube::label(*driver, label::submission_id));
  EXPECT_EQ(1, s.submission_attempts);
  EXPECT_EQ(1, s.execution_attempts);
  EXPECT_EQ("pi-ui-svc", s.driver.web_ui_service_name);
  EXPECT_EQ("10.96.0.7:4040", s.driver.web_ui_address);

  // The id; the pod; what it owns; the state; the UI's Service, and where it is.
  EXPECT_EQ((std::vector<std::string>{"PATCH sparkapplications", "POST pods", "POST services", "POST configmaps",
                                      "POST configmaps", "PATCH sparkapplications", "POST services",
                                      "PATCH sparkapplications"}),
            shape(api.writes));
}

TEST(Operator, WhatADriverLeavesBehindIsItsOwn) {
  MapApi api;
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, is_served(api)));
  const std::string_view driver = kube::uid(*api.find(pods, "jobs", "pi-driver"));
  ASSERT_EQ(2u, api.all(config_maps).size());
  for (const auto& map : api.all(config_maps)) EXPECT_TRUE(kube::owned_by(map, driver)) << kube::name(map);
  ASSERT_EQ(2u, api.all(services).size());
  for (const auto& service : api.all(services))
    EXPECT_EQ(kube::name(service) != "pi-ui-svc", kube::owned_by(service, driver));
}

TEST(Operator, FollowsTheDriverToTheEnd) {
  MapApi api;
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, state_is(api, State::Submitted)));
  int step = 0;
  ASSERT_TRUE(run_until(api, [&] {
    if (step == 0 && ++step) set_phase(api, "pi-driver", json::object{{"phase", "Running"}});
    if (step == 1 && status(api).state == State::Running && ++step) set_phase(api, "pi-driver", ended("Succeeded", 0));
    return status(api).state == State::Completed && event_reasons(api).size() == 5;
  }));
  EXPECT_TRUE(status(api).termination_time);
  EXPECT_EQ((std::vector<std::string>{"SparkApplicationAdded", "SparkApplicationCompleted", "SparkApplicationSubmitted",
                                      "SparkDriverCompleted", "SparkDriverRunning"}),
            event_reasons(api));
}

TEST(Operator, SaysWhyADriverFailed) {
  MapApi api;
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, state_is(api, State::Submitted)));
  set_phase(api, "pi-driver", ended("Failed", 1));
  ASSERT_TRUE(run_until(api, state_is(api, State::Failed)));
  EXPECT_EQ("driver container failed with ExitCode: 1, Reason: Error", status(api).error_message);
}

TEST(Operator, ADriverThatIsGoneIsAskedForBeforeItIsMissed) {
  MapApi api;
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, state_is(api, State::Submitted)));
  set_phase(api, "pi-driver", json::object{{"phase", "Running"}});
  ASSERT_TRUE(run_until(api, state_is(api, State::Running)));
  api.erase(pods, "jobs", "pi-driver");
  ASSERT_TRUE(run_until(api, state_is(api, State::Failed)));
  EXPECT_EQ("driver pod not found", status(api).error_message);
}

TEST(Operator, ExecutorsAreInStatus) {
  MapApi api;
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, state_is(api, State::Submitted)));
  set_phase(api, "pi-driver", json::object{{"phase", "Running"}});
  kube::Object executor = *api.find(pods, "jobs", "pi-driver");
  json::set(executor, "metadata.name", "pi-exec-1");
  json::find(executor, "metadata.labels")->as_object()["spark-role"] = "executor";
  json::find(executor, "metadata.labels")->as_object()["spark-exec-id"] = "1";
  api.put(pods, executor);
  ASSERT_TRUE(run_until(api, [&] { return status(api).executor_state.contains("pi-exec-1"); }));
  EXPECT_EQ("RUNNING", status(api).executor_state["pi-exec-1"]);
}

TEST(Operator, WhatIsRefusedFailsWithTheServersWordsAndLeavesNothing) {
  MapApi api;
  api.admit = [](const client::Resource& resource, const kube::Object& object) {
    if (resource.kind == "Pod") throw kube::forbidden("", "pods", kube::name(object), "exceeded quota: small");
  };
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, state_is(api, State::Failed)));
  EXPECT_NE(std::string::npos, status(api).error_message.find("cannot create Pod jobs/pi-driver: "))
      << status(api).error_message;
  EXPECT_NE(std::string::npos, status(api).error_message.find("exceeded quota: small"));
  EXPECT_TRUE(api.all(config_maps).empty());
  EXPECT_TRUE(api.all(services).empty());
}

TEST(Operator, WhatIsRefusedAfterTheDriverTakesTheDriverBack) {
  MapApi api;
  api.admit = [](const client::Resource& resource, const kube::Object& object) {
    if (kube::name(object).ends_with("-driver-svc"))
      throw kube::forbidden("", resource.plural, kube::name(object), "no");
  };
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, state_is(api, State::Failed)));
  EXPECT_TRUE(api.all(pods).empty());
  EXPECT_TRUE(api.all(services).empty());
}

TEST(Operator, AnApplicationDoesWithoutAServiceThatIsRefused) {
  MapApi api;
  api.admit = [](const client::Resource& resource, const kube::Object& object) {
    if (kube::name(object) == "pi-ui-svc") throw kube::forbidden("", resource.plural, kube::name(object), "quota");
  };
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, [&] {
    const auto reasons = event_reasons(api);
    return std::count(reasons.begin(), reasons.end(), "SparkApplicationServicesFailed") == 1;
  }));
  EXPECT_EQ(State::Submitted, status(api).state);
  EXPECT_EQ((DriverInfo{.pod_name = "pi-driver"}), status(api).driver);
  EXPECT_EQ(1u, api.all(pods).size());
}

TEST(Operator, AMissingServiceAccountIsWaitedForAMomentAndThenNamed) {
  const auto no_account = [](const client::Resource& resource, const kube::Object& object) {
    if (resource.kind == "Pod")
      throw kube::forbidden("", "pods", kube::name(object),
                            "error looking up service account jobs/spark: serviceaccount \"spark\" not found");
  };
  MapApi late;
  late.admit = no_account;
  late.put(spark_applications, application());
  OperatorOptions options;
  options.settings.account_grace = std::chrono::minutes(1);
  int looks = 0;
  EXPECT_TRUE(run_until(
      late,
      [&] {
        if (++looks == 20) late.admit = nullptr;  // the account is there now
        return status(late).state == State::Submitted;
      },
      options));

  MapApi never;
  never.admit = no_account;
  never.put(spark_applications, application());
  options.settings.account_grace = Duration(0);
  EXPECT_TRUE(run_until(never, state_is(never, State::Failed), options));
  EXPECT_NE(std::string::npos, status(never).error_message.find("spec.driver.serviceAccount"))
      << status(never).error_message;
}

TEST(Operator, ADriverOfSomeoneElseIsNotTouched) {
  MapApi api;
  api.put(pods, yaml::parse("{apiVersion: v1, kind: Pod, metadata: {name: pi-driver, namespace: jobs}}"));
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, state_is(api, State::Failed)));
  EXPECT_NE(std::string::npos, status(api).error_message.find("Pod jobs/pi-driver already exists"))
      << status(api).error_message;
  EXPECT_EQ(1u, api.all(pods).size());
}

TEST(Operator, ADriverOfAnEarlierApplicationOfThatNameIsWaitedFor) {
  MapApi api;
  api.put(pods, yaml::parse(R"({apiVersion: v1, kind: Pod, metadata: {name: pi-driver, namespace: jobs, ownerReferences:
    [{apiVersion: sparkoperator.k8s.io/v1beta2, kind: SparkApplication, name: pi, uid: earlier,
      controller: true}]}})"));
  api.put(spark_applications, application());
  int looks = 0;
  ASSERT_TRUE(run_until(api, [&] {
    if (++looks == 50) {
      EXPECT_EQ(State::New, status(api).state);
      api.erase(pods, "jobs", "pi-driver");  // as the garbage collector does
    }
    return status(api).state == State::Submitted;
  }));
}

TEST(Operator, AFieldThatIsNotActedUponFailsTheApplicationByName) {
  MapApi api;
  api.put(spark_applications, application("{mode: local}"));
  ASSERT_TRUE(run_until(api, state_is(api, State::Failed)));
  EXPECT_TRUE(status(api).error_message.starts_with("spec.mode: ")) << status(api).error_message;
  EXPECT_TRUE(api.all(pods).empty());
}

TEST(Operator, AnEditOfARunningApplicationStartsItAgain) {
  MapApi api;
  api.put(spark_applications, application());
  ASSERT_TRUE(run_until(api, state_is(api, State::Submitted)));
  const Status first = status(api);
  const std::string driver(kube::uid(*api.find(pods, "jobs", "pi-driver")));
  edit(api, "spec.arguments", json::array{"7"});
  ASSERT_TRUE(run_until(api, [&] {
    return status(api).state == State::Submitted && status(api).submission_id != first.submission_id;
  })) << "also by an operator that has not seen the edit";
  const kube::Object& again = *api.find(pods, "jobs", "pi-driver");
  EXPECT_NE(driver, kube::uid(again));
  EXPECT_EQ("7", json::list(json::list(again, "spec.containers").at(0), "args").back().as_string());
  EXPECT_EQ(1, status(api).submission_attempts);
  EXPECT_EQ(1u, api.all(pods).size());
}

TEST(Operator, AFailureIsFollowedByAnotherAttempt) {
  MapApi api;
  api.put(spark_applications,
          application("{restartPolicy: {type: OnFailure, onFailureRetries: 1, onFailureRetryInterval: 0}}"));
  ASSERT_TRUE(run_until(api, is_served(api)));
  const std::string first = status(api).submission_id;
  set_phase(api, "pi-driver", ended("Failed", 1));
  ASSERT_TRUE(run_until(api, [&] { return is_served(api)() && status(api).execution_attempts == 2; }));
  EXPECT_NE(first, status(api).submission_id);
  EXPECT_EQ(status(api).submission_id, kube::label(*api.find(pods, "jobs", "pi-driver"), label::submission_id));
  EXPECT_EQ(status(api).submission_id, kube::label(*api.find(services, "jobs", "pi-ui-svc"), label::submission_id));
  set_phase(api, "pi-driver", ended("Failed", 1));
  ASSERT_TRUE(run_until(api, state_is(api, State::Failed)));
  EXPECT_EQ(2, status(api).execution_attempts);
}

TEST(Operator, SuspendsAndResumes) {
  MapApi api;
  api.put(spark_applications, application("{suspend: true}"));
  ASSERT_TRUE(run_until(api, state_is(api, State::Suspended)));
  EXPECT_TRUE(api.all(pods).empty());
  edit(api, "spec.suspend", false);
  ASSERT_TRUE(run_until(api, is_served(api)));
  edit(api, "spec.suspend", true);
  ASSERT_TRUE(run_until(api, state_is(api, State::Suspended)));
  EXPECT_TRUE(api.all(pods).empty());
  EXPECT_EQ(nullptr, api.find(services, "jobs", "pi-ui-svc"));
  edit(api, "spec.suspend", false);
  ASSERT_TRUE(run_until(api, is_served(api)));
  EXPECT_EQ(2, status(api).execution_attempts);
  EXPECT_EQ(1u, api.all(pods).size());
}

TEST(Operator, AnApplicationWhoseTimeIsOverGoes) {
  MapApi api;
  api.put(spark_applications, application("{timeToLiveSeconds: 0}"));
  ASSERT_TRUE(run_until(api, state_is(api, State::Submitted)));
  set_phase(api, "pi-driver", ended("Succeeded", 0));
  EXPECT_TRUE(run_until(api, [&] { return api.find(spark_applications, "jobs", "pi") == nullptr; }));
}

TEST(Operator, RunsWhatIsScheduled) {
  MapApi api;
  const auto& schedules = client::resources::scheduled_spark_applications;
  json::value schedule = yaml::parse(R"(
apiVersion: sparkoperator.k8s.io/v1beta2
kind: ScheduledSparkApplication
metadata: {name: often, namespace: jobs}
spec: {schedule: "@every 1s", concurrencyPolicy: Forbid}
)");
  json::set(schedule, "spec.template", *json::find(application(), "spec"));
  api.put(schedules, schedule);
  const auto names = [&api] {
    std::vector<std::string> out;
    for (const auto& app : api.all(spark_applications)) out.emplace_back(kube::name(app));
    return out;
  };
  ASSERT_TRUE(run_until(api, [&] { return !api.all(pods).empty(); }));
  const std::string first = names().at(0);
  const kube::Object* seen = api.find(schedules, "jobs", "often");
  EXPECT_EQ(first, json::str(*seen, "status.lastRunName"));
  set_phase(api, first + "-driver", ended("Succeeded", 0));
  ASSERT_TRUE(run_until(api, [&] { return names().size() == 2; }));
  ASSERT_TRUE(run_until(api, [&] {
    return !json::list(*api.find(schedules, "jobs", "often"), "status.pastSuccessfulRunNames").empty();
  }));
}

// What is done once must not be done twice, wherever the line goes dead or the operator dies. A second operator goes on
// from what the first has left.
TEST(Operator, CanBeCutOffAnywhere) {
  size_t cuts = 0;
  for (const bool after : {false, true})
    for (int at = 0;; ++at) {
      SCOPED_TRACE(fmt::format("cut {} write {}", after ? "after" : "before", at));
      MapApi api;
      api.cut_at = at;
      api.cut_after = after;
      api.put(spark_applications, application());
      ASSERT_TRUE(run_until(api, [&] { return api.cut || is_served(api)(); }));
      if (!api.cut) break;
      ++cuts;
      api.revive();
      ASSERT_TRUE(run_until(api, is_served(api)));
      EXPECT_EQ(1u, api.all(pods).size());
      EXPECT_EQ(2u, api.all(config_maps).size());
      EXPECT_EQ(2u, api.all(services).size());
      EXPECT_EQ(1, status(api).submission_attempts);
      EXPECT_EQ(1, status(api).execution_attempts);
      const std::string_view driver = kube::uid(*api.find(pods, "jobs", "pi-driver"));
      for (const auto& map : api.all(config_maps)) EXPECT_TRUE(kube::owned_by(map, driver)) << kube::name(map);
    }
  EXPECT_EQ(16u, cuts);
}

TEST(Operator, GoesOnByItselfAfterALostConnection) {
  for (const bool after : {false, true})
    for (int at = 0; at < 8; ++at) {
      SCOPED_TRACE(fmt::format("lost {} write {}", after ? "after" : "before", at));
      MapApi api;
      api.cut_at = at;
      api.cut_after = after;
      api.put(spark_applications, application());
      ASSERT_TRUE(run_until(api, [&] {
        if (api.cut) api.revive();
        return is_served(api)();
      }));
      EXPECT_EQ(1u, api.all(pods).size());
      EXPECT_EQ(2u, api.all(config_maps).size());
      EXPECT_EQ(2u, api.all(services).size());
      EXPECT_EQ(1, status(api).submission_attempts);
      EXPECT_EQ(1, status(api).execution_attempts);
    }
}

TEST(Operator, NeverLeavesAnObjectWithoutAnOwner) {
  for (int at = 0; at < 7; ++at) {
    MapApi api;
    api.cut_at = at;
    api.cut_after = true;
    api.put(spark_applications, application());
    ASSERT_TRUE(run_until(api, [&] { return api.cut; }));
    for (const auto& resource : {pods, config_maps, services})
      for (const auto& object : api.all(resource))
        EXPECT_NE(nullptr, kube::controller_of(object)) << kube::name(object);
  }
}

TEST(Operator, LooksAfterItsNamespacesOnly) {
  MapApi api;
  api.put(spark_applications, application());
  json::value other = application();
  json::set(other, "metadata.namespace", "other");
  api.put(spark_applications, other);
  OperatorOptions options;
  options.namespaces = {"other"};
  run_until(api, [&] { return api.find(pods, "other", "pi-driver") != nullptr; }, options);
  EXPECT_NE(nullptr, api.find(pods, "other", "pi-driver"));
  EXPECT_EQ(nullptr, api.find(pods, "jobs", "pi-driver"));
}

TEST(Operator, ManyAtOnce) {
  MapApi api;
  for (int i = 0; i < 200; ++i) {
    json::value app = application();
    json::set(app, "metadata.name", json::value("pi-" + std::to_string(i)));
    api.put(spark_applications, app);
  }
  EXPECT_TRUE(run_until(api, [&] {
    for (const auto& app : api.all(spark_applications))
      if (const Status s = read_status(app); s.state != State::Submitted || lacks_services(s)) return false;
    return true;
  }));
  EXPECT_EQ(200u * 8, api.writes.size()) << "nothing is written twice";
}

TEST(ProjectApplication, KeepsTheSpecWhileItIsNeeded) {
  json::value app = application("{suspend: true, timeToLiveSeconds: 7}");
  EXPECT_NE(nullptr, json::find(project_application(app), "spec.type"));
  json::set(app, "status.applicationState.state", "SUBMITTED");
  json::set(app, "metadata.managedFields", json::array{1});
  const json::value small = project_application(app);
  EXPECT_EQ(nullptr, json::find(small, "spec.type"));
  EXPECT_EQ(nullptr, json::find(small, "metadata.managedFields"));
  EXPECT_EQ(State::Submitted, read_application(small).status.state);
  EXPECT_TRUE(read_application(small).suspend);
  EXPECT_EQ(7, read_application(small).time_to_live);
  EXPECT_EQ(read_application(app).fingerprint, read_application(small).fingerprint);
}

TEST(Crds, AreInstalledAndWaitedFor) {
  MapApi api;
  boost::asio::io_context io;
  bool done = false;
  boost::asio::co_spawn(io, install_crds(api), [&done](std::exception_ptr e) { done = !e; });
  io.run_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(done) << "it is not served yet";
  for (kube::Object crd : api.all(client::resources::custom_resource_definitions)) {
    json::set(crd, "status.conditions", json::array{json::object{{"type", "Established"}, {"status", "True"}}});
    api.put(client::resources::custom_resource_definitions, crd);
  }
  io.restart();
  io.run();
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace spoke::op
