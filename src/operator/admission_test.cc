#include "operator/admission.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "data/yaml.h"
#include "kube/patch.h"
#include "operator/executor_fields.h"
#include "operator/pod_fields.h"
#include "operator/quota.h"

namespace spoke::op {
namespace {

using kube::Object;

constexpr const char* kMutatePod = "/mutate--v1-pod";
constexpr const char* kMutate = "/mutate-sparkoperator-k8s-io-v1beta2-sparkapplication";
constexpr const char* kValidate = "/validate-sparkoperator-k8s-io-v1beta2-sparkapplication";

Object application(const char* spec = "{}") {
  Object out = yaml::parse(R"(
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata: {name: pi}
spec: {type: Scala, sparkVersion: 4.1.4, image: "spark:4.1.4", mainClass: Main, mainApplicationFile: "local:///a.jar",
  driver: {}, executor: {}}
)");
  const json::value more = yaml::parse(spec);
  for (const auto& [name, value] : more.as_object()) out.as_object()["spec"].as_object()[name] = value;
  return out;
}

json::value ask(const char* path, const Object& object, const json::value& before = nullptr,
                const AdmissionOptions& options = {}) {
  const json::value asked =
      json::object{{"apiVersion", "admission.k8s.io/v1"},
                   {"kind", "AdmissionReview"},
                   {"request", json::object{{"uid", "1-2-3"},
                                            {"kind", json::object{{"group", ""}, {"kind", kube::kind(object)}}},
                                            {"operation", before.is_null() ? "CREATE" : "UPDATE"},
                                            {"namespace", "jobs"},
                                            {"object", object},
                                            {"oldObject", before}}}};
  const json::value answer = review(path, json::dump(asked), options);
  EXPECT_EQ("AdmissionReview", kube::kind(answer));
  EXPECT_EQ("1-2-3", json::str(answer, "response.uid"));
  return *json::find(answer, "response");
}

Object patched(const Object& object, const json::value& response) {
  EXPECT_TRUE(json::flag(response, "allowed")) << json::dump(response);
  const std::string_view patch = json::str(response, "patch");
  if (patch.empty()) return object;
  EXPECT_EQ("JSONPatch", json::str(response, "patchType"));
  return kube::json_patch(object, json::parse(*from_base64(patch)));
}

std::string denied(const json::value& response) {
  EXPECT_FALSE(json::flag(response, "allowed"));
  EXPECT_EQ(403, json::num(response, "status.code"));
  return std::string(json::str(response, "status.message"));
}

TEST(Admission, FillsInDefaults) {
  Object app = application("{sparkConf: {spark.executor.cores: '3'}, restartPolicy: {type: OnFailure}}");
  json::remove(app, "spec.type");
  const Object after = patched(app, ask(kMutate, app));
  EXPECT_EQ("Scala", json::str(after, "spec.type"));
  EXPECT_EQ("cluster", json::str(after, "spec.mode"));
  EXPECT_EQ("OnFailure", json::str(after, "spec.restartPolicy.type"));
  EXPECT_EQ(5, json::num(after, "spec.restartPolicy.onFailureRetryInterval"));
  EXPECT_EQ(5, json::num(after, "spec.restartPolicy.onSubmissionFailureRetryInterval"));
  EXPECT_EQ(1, json::num(after, "spec.driver.cores"));
  EXPECT_EQ("1g", json::str(after, "spec.driver.memory"));
  EXPECT_EQ(nullptr, json::find(after, "spec.executor.cores"));
  EXPECT_EQ(1, json::num(after, "spec.executor.instances"));
  EXPECT_TRUE(json::str(ask(kMutate, after), "patch").empty()) << "a second time there is nothing to do";
}

TEST(Admission, LeavesAnApplicationThatRuns) {
  Object app = application();
  json::set(app, "status", json::parse(R"({"applicationState": {"state": "RUNNING"}})"));
  EXPECT_EQ(nullptr, json::find(ask(kMutate, app, app), "patch"));
}

TEST(Admission, UnderDynamicAllocationNoNumberOfExecutors) {
  const Object app = application("{dynamicAllocation: {enabled: true}}");
  const Object after = patched(app, ask(kMutate, app));
  EXPECT_EQ(nullptr, json::find(after, "spec.executor.instances"));
  EXPECT_TRUE(json::flag(after, "spec.dynamicAllocation.shuffleTrackingEnabled"));
}

TEST(Admission, WhatIsNoObjectIsNotFilledIn) {
  const Object app = application("{driver: [], restartPolicy: never}");
  const json::value response = ask(kMutate, app);
  const std::string patch = *from_base64(json::str(response, "patch"));
  EXPECT_EQ(std::string::npos, patch.find("/spec/driver/"));
  EXPECT_EQ(std::string::npos, patch.find("/spec/restartPolicy/"));
}

TEST(Admission, DeniesWhatWouldFailLater) {
  EXPECT_TRUE(json::flag(ask(kValidate, application()), "allowed"));
  EXPECT_EQ("spec.sparkConf: sparkConf key \"spark.master\" is not allowed: this value is managed by the operator",
            denied(ask(kValidate, application("{sparkConf: {spark.master: local}}"))));
  EXPECT_EQ("spec.nodeSelector: node selector cannot be defined at both SparkApplication and Driver/Executor",
            denied(ask(kValidate, application("{nodeSelector: {a: b}, driver: {nodeSelector: {c: d}}}"))));
  EXPECT_EQ("spec.driverIngressOptions: duplicate ServicePort: 80",
            denied(ask(kValidate, application("{driverIngressOptions: [{servicePort: 80}, {servicePort: 80}]}"))));
  EXPECT_NE("", denied(ask(kValidate, application("{driver: {memory: much}}"))));
  EXPECT_EQ("spec.executor.memoryLimit: is below the 1408Mi that executors ask for",
            denied(ask(kValidate, application("{executor: {memory: 1g, memoryLimit: 1g}}"))));
  Object named = application();
  json::set(named, "metadata.name", "1pi");
  EXPECT_TRUE(denied(ask(kValidate, named)).starts_with("metadata.name: invalid SparkApplication name \"1pi\": "));
}

TEST(Admission, AnEditOfSomethingElseIsNotJudged) {
  const Object wrong = application("{sparkConf: {spark.master: local}}");
  EXPECT_TRUE(json::flag(ask(kValidate, wrong, wrong), "allowed"));
  denied(ask(kValidate, wrong, application()));
}

TEST(Admission, JudgesTheOtherKinds) {
  const Object schedule = [](const char* when, const char* conf) {
    Object out = json::object{{"kind", "ScheduledSparkApplication"}, {"metadata", json::object{{"name", "s"}}}};
    json::set(out, "spec.schedule", when);
    json::set(out, "spec.template", *json::find(application(conf), "spec"));
    return out;
  }("often", "{}");
  constexpr const char* kSchedules = "/validate-sparkoperator-k8s-io-v1beta2-scheduledsparkapplication";
  EXPECT_EQ("expected exactly 5 fields, found 1: [often]", denied(ask(kSchedules, schedule)));
  Object right = schedule;
  json::set(right, "spec.schedule", "@hourly");
  EXPECT_TRUE(json::flag(ask(kSchedules, right), "allowed"));
  json::set(right, "spec.template.batchScheduler", "volcano");
  EXPECT_TRUE(json::flag(ask(kSchedules, right), "allowed"));
  json::set(right, "spec.template.sparkConf", json::parse(R"({"spark.master": "local"})"));
  EXPECT_NE(std::string::npos, denied(ask(kSchedules, right)).find("spark.master"));
  const Object connect =
      yaml::parse("{kind: SparkConnect, metadata: {name: c}, spec: {sparkVersion: 4.1.4, server: {}, executor: {}}}");
  EXPECT_EQ("spec.image: is missing, and the executors' template names none",
            denied(ask("/validate-sparkoperator-k8s-io-v1alpha1-sparkconnect", connect)));
}

Application read(Object app) {
  json::set(app, "metadata.namespace", "jobs");
  return read_application(app);
}

// A pod as the driver makes it from the template, with what Spark adds.
Object executor_of(const char* spec) {
  const Application app = read(application(spec));
  Object pod = executor_template(app, read_spec(app));
  json::value& container = json::make_array(pod, "spec.containers").at(0);
  json::set(container, "resources", json::parse(R"({"limits": {"memory": "1408Mi"}})"));
  json::make_array(container, "env").push_back(json::object{{"name", "SPARK_USER"}, {"value", "root"}});
  json::make_array(container, "env").push_back(json::object{{"name", "SPARK_EXECUTOR_ID"}, {"value", "1"}});
  return pod;
}

TEST(Admission, GivesExecutorsWhatSparkWouldWriteOver) {
  const Object pod =
      executor_of("{executor: {memoryLimit: 3g, env: [{name: SPARK_USER, value: me}, {name: MINE, value: x}]}}");
  const Object after = patched(pod, ask(kMutatePod, pod));
  const json::value& container = json::list(after, "spec.containers").at(0);
  EXPECT_EQ("3Gi", json::str(container, "resources.limits.memory"));
  std::map<std::string, std::string> env;
  for (const auto& variable : json::list(container, "env"))
    EXPECT_TRUE(env.emplace(json::str(variable, "name"), json::str(variable, "value")).second)
        << json::str(variable, "name");
  EXPECT_EQ((std::map<std::string, std::string>{{"MINE", "x"}, {"SPARK_EXECUTOR_ID", "1"}, {"SPARK_USER", "me"}}), env);
}

TEST(Admission, LeavesOtherPods) {
  for (const char* spec : {"{}", "{executor: {env: [{name: MINE, value: x}]}}"})
    EXPECT_EQ(nullptr, json::find(ask(kMutatePod, executor_of(spec)), "patch")) << spec;
  Object strange = executor_of("{executor: {memoryLimit: 3g}}");
  json::list(strange, "spec.containers");
  json::make_object(strange, "metadata.annotations")["spoke.dev/executor-fields"] = "{not json";
  EXPECT_EQ(nullptr, json::find(ask(kMutatePod, strange), "patch"));
}

TEST(Admission, WithoutAWebhookTheApplicationSaysWhatItLacks) {
  const Application app = read(application("{executor: {memoryLimit: 3g, env: [{name: SPARK_USER, value: me}]}}"));
  EXPECT_EQ((std::vector<std::string>{
                "spec.executor.memoryLimit needs the operator's --webhook: executors have the limit that Spark sets",
                "spec.executor.env: SPARK_USER is Spark's own, and needs the operator's --webhook"}),
            plan(app).warnings);
  PlanOptions options;
  options.webhook = true;
  EXPECT_TRUE(plan(app, options).warnings.empty());
}

TEST(Admission, ComparesWithTheQuota) {
  const Object quota = yaml::parse(R"(
{metadata: {name: q, namespace: jobs}, spec: {hard: {requests.cpu: "4", limits.memory: 10Gi, pods: "4"}},
 status: {used: {requests.cpu: 500m, limits.memory: 5Gi, pods: "1"}}})");
  AdmissionOptions options;
  options.quotas = [&](std::string_view ns) {
    return ns == "jobs" ? std::vector<const Object*>{&quota} : std::vector<const Object*>();
  };
  // 1 + 2 cores, 1408 Mi each
  EXPECT_TRUE(json::flag(ask(kValidate, application("{executor: {instances: 2}}"), nullptr, options), "allowed"));
  EXPECT_EQ("failed to validate resource quota \"jobs/q\": of limits.memory it asks for 5632Mi, 5Gi of 10Gi are used",
            denied(ask(kValidate, application("{executor: {instances: 3, coreRequest: 100m}}"), nullptr, options)));
  EXPECT_TRUE(denied(ask(kValidate, application("{executor: {instances: 3, memory: 100m, coreRequest: 100m}}"), nullptr,
                         options))
                  .contains("of pods"));
  EXPECT_TRUE(
      denied(ask(kValidate, application("{driver: {cores: 3}}"), nullptr, options)).contains("of requests.cpu"));
  // Numbers that nobody can mean are too many, and soon told.
  EXPECT_TRUE(
      denied(ask(kValidate,
                 application("{executor: {instances: 2147483647, memoryLimit: 8000000000g, coreRequest: '9e18'}}"),
                 nullptr, options))
          .contains("failed to validate resource quota"));
}

TEST(Admission, WhatIsNoReviewIsRefused) {
  const auto refused = [](std::string_view path, std::string_view body) {
    try {
      review(path, body, {});
    } catch (const kube::StatusError& e) {
      return e.code();
    }
    return 200;
  };
  EXPECT_EQ(404, refused("/mutate", "{}"));
  EXPECT_EQ(400, refused(kMutate, ""));
  EXPECT_EQ(400, refused(kMutate, "{}"));
  EXPECT_EQ(400, refused(kMutate, R"({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": 1})"));
  EXPECT_EQ(400, refused(kMutate, R"({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                                      "request": {"kind": {"kind": "Pod"}, "object": {}}})"));
  EXPECT_EQ(200, refused(kMutate, R"({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                                      "request": {"operation": "DELETE", "object": null}})"));
}

}  // namespace
}  // namespace spoke::op
