#include "operator/application.h"

#include <gtest/gtest.h>

namespace spoke::op {
namespace {

// The least that there is to say, with `more` merged over it.
Application application(const char* more = "{}") {
  json::value document = json::parse(R"({
    "metadata": {"name": "pi", "namespace": "jobs", "uid": "u", "resourceVersion": "5", "labels": {"team": "a"}},
    "spec": {"type": "Scala", "sparkVersion": "4.1.4", "mainApplicationFile": "local:///a.jar",
             "driver": {}, "executor": {}}
  })");
  const json::value extra = json::parse(more);
  for (const auto& [name, value] : extra.as_object()) document.as_object()["spec"].as_object()[name] = value;
  return read_application(document);
}

std::string error_of(const Application& app) {
  try {
    read_spec(app);
    return "";
  } catch (const InvalidApplication& e) {
    return e.what();
  }
}
std::string error_of(const char* more) { return error_of(application(more)); }

TEST(Application, SaysWhoItIsAndHowItStands) {
  Application app = read_application(json::parse(R"({
    "metadata": {"name": "pi", "namespace": "jobs", "uid": "u", "resourceVersion": "5", "deletionTimestamp": "x"},
    "status": {"applicationState": {"state": "RUNNING"}}})"));
  EXPECT_EQ("jobs/pi", app.key());
  EXPECT_EQ("5", app.resource_version);
  EXPECT_TRUE(app.deleting);
  EXPECT_EQ(State::Running, app.status.state);
  EXPECT_TRUE(app.spec.is_null());
}

TEST(Application, ADocumentOfAnyShapeCanBeRead) {
  for (const auto* text :
       {"null", "[]", "{}", R"({"metadata": 1, "status": []})", R"({"status": {"executorState": {"a": 1}}})"})
    EXPECT_EQ(State::New, read_application(json::parse(text)).status.state);
}

TEST(Spec, LeavesNothingOpenThatTheWebhookOfThePeerFillsIn) {
  const Spec spec = read_spec(application());
  EXPECT_EQ("cluster", spec.mode);
  EXPECT_EQ(1, spec.driver.cores);
  EXPECT_EQ("1g", spec.driver.memory);
  EXPECT_EQ(1, spec.executor.cores);
  EXPECT_EQ("1g", spec.executor.memory);
  EXPECT_EQ(1, spec.executor.instances);
}

TEST(Spec, WhatSparkConfSaysIsNotFilledIn) {
  const Spec spec = read_spec(application(R"({"sparkConf": {"spark.driver.cores": "2", "spark.driver.memory": "2g",
    "spark.executor.cores": "2", "spark.executor.memory": "2g", "spark.executor.instances": "7"}})"));
  EXPECT_FALSE(spec.driver.cores || spec.driver.memory);
  EXPECT_FALSE(spec.executor.cores || spec.executor.memory || spec.executor.instances);
}

TEST(Spec, DynamicAllocationDecidesOnItsOwnHowManyExecutors) {
  const Spec spec = read_spec(application(R"({"dynamicAllocation": {"enabled": true, "maxExecutors": 3}})"));
  EXPECT_FALSE(spec.executor.instances);
  EXPECT_TRUE(spec.dynamic_allocation->shuffle_tracking_enabled);
  EXPECT_EQ(3, spec.dynamic_allocation->max_executors);
}

TEST(Spec, TheDriverPodsNameHasThreeSources) {
  const auto name = [](const char* more) {
    const Application app = application(more);
    return driver_pod_name(app, read_spec(app));
  };
  EXPECT_EQ("pi-driver", name("{}"));
  EXPECT_EQ("a", name(R"({"sparkConf": {"spark.kubernetes.driver.pod.name": "a"}})"));
  EXPECT_EQ("b", name(R"({"driver": {"podName": "b"}, "sparkConf": {"spark.kubernetes.driver.pod.name": "a"}})"));
  EXPECT_EQ("pi-driver", name(R"({"driver": {"podName": ""}})"));
}

// Errors name the field.

struct Wrong {
  const char* more;
  const char* error;
};

class WrongSpec : public testing::TestWithParam<Wrong> {};

TEST_P(WrongSpec, IsAnErrorThatNamesTheField) {
  const std::string error = error_of(GetParam().more);
  EXPECT_TRUE(error.starts_with(GetParam().error)) << error;
}

INSTANTIATE_TEST_SUITE_P(
    Types, WrongSpec,
    testing::Values(
        Wrong{R"({"type": null})", "spec.type: is missing"},
        Wrong{R"({"mode": "local"})", "spec.mode: is \"local\", must be cluster or client"},
        Wrong{R"({"mainApplicationFile": ""})", "spec.mainApplicationFile: is missing"},
        Wrong{R"({"sparkVersion": 4.1})", "spec.sparkVersion: is 4.1E0, must be a string"},
        Wrong{R"({"driver": []})", "spec.driver: is [], must be an object"},
        Wrong{R"({"driver": {"cores": "two"}})", "spec.driver.cores: is \"two\", must be a whole number"},
        Wrong{R"({"executor": {"hostNetwork": "yes"}})",
              "spec.executor.hostNetwork: is \"yes\", must be true or false"},
        Wrong{R"({"arguments": ["a", 1]})", "spec.arguments: is 1, must be a string at [1]"},
        Wrong{R"({"sparkConf": {"spark.a": true}})", "spec.sparkConf: is true, must be a string at \"spark.a\""},
        Wrong{R"({"volumes": {}})", "spec.volumes: is {}, must be a list of objects"},
        Wrong{R"({"volumes": ["x"]})", "spec.volumes: is \"x\", must be an object at [0]"},
        Wrong{R"({"driver": {"secrets": [{"name": "s"}]}})", "spec.driver.secrets[0].path: is missing"},
        Wrong{R"({"driver": {"secrets": [null]}})", "spec.driver.secrets[0].name: is missing"},
        Wrong{R"({"driver": {"envSecretKeyRefs": {"A": {"name": "s"}}}})",
              "spec.driver.envSecretKeyRefs.A.key: is missing"},
        Wrong{R"({"nodeSelector": {"a": "b"}, "executor": {"nodeSelector": {"a": "b"}}})",
              "spec.nodeSelector: node selector cannot be defined at both SparkApplication and Driver/Executor"}));

INSTANTIATE_TEST_SUITE_P(
    Properties, WrongSpec,
    testing::Values(
        Wrong{R"({"sparkConf": {"spark.master": "local"}})",
              "spec.sparkConf: sparkConf key \"spark.master\" is not allowed: this value is managed by the operator"},
        Wrong{R"({"sparkConf": {"spark.kubernetes.authenticate.driver.serviceAccountName": "x"}})",
              "spec.sparkConf: sparkConf key \"spark.kubernetes.authenticate.driver.serviceAccountName\" is not "
              "allowed: "},
        Wrong{R"({"sparkConf": {"spark.kubernetes.namespace": "other"}})",
              "spec.sparkConf: sparkConf key \"spark.kubernetes.namespace\" is not allowed: must equal the application "
              "namespace \"jobs\", got \"other\""},
        Wrong{R"({"sparkConf": {"spark.kubernetes.driver.podTemplateFile": "/etc/passwd"}})", "spec.sparkConf: "},
        Wrong{R"({"sparkConf": {"spark.kubernetes.authenticate.driver.caCertFile": "/etc/passwd"}})",
              "spec.sparkConf: "},
        Wrong{R"({"sparkConf": {"spark.kerberos.keytab": "/etc/shadow"}})", "spec.sparkConf: "}));

TEST(Spec, WhatIsWrittenWithoutEffectIsNotRefused) {
  EXPECT_EQ("",
            error_of(R"({"suspend": false, "mode": "cluster", "restartPolicy": {"type": "Never", "onFailureRetries": 3},
    "batchScheduler": "", "driverIngressOptions": [], "monitoring": null, "failureRetries": 3,
    "sparkConf": {"spark.kubernetes.namespace": "jobs", "spark.kerberos.keytab": "local:///k"}})"));
}

TEST(Spec, TheNameMustBeGoodForAService) {
  Application app = application();
  app.name = "3-times";
  const std::string error = error_of(app);
  EXPECT_TRUE(error.starts_with("metadata.name: invalid SparkApplication name \"3-times\": ")) << error;
}

TEST(Spec, ALongValueIsCutInAnError) {
  const std::string error = error_of(("{\"driver\": \"" + std::string(100000, 'x') + "\"}").c_str());
  EXPECT_LT(error.size(), 200u);
}

}  // namespace
}  // namespace spoke::op
