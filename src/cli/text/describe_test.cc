#include "cli/text/describe.h"

#include <gtest/gtest.h>

#include "data/yaml.h"

namespace spoke::cli {
namespace {

const Time kNow = *parse_rfc3339("2026-03-01T12:10:00Z");

Described failed() {
  return {yaml::parse(R"(
metadata: {name: pi, namespace: spark, creationTimestamp: "2026-03-01T12:00:00Z", labels: {team: a}}
spec:
  type: Scala
  mode: cluster
  sparkVersion: 4.0.0
  image: spark:4.0.0
  mainApplicationFile: local:///pi.jar
  arguments: ["10", "x"]
  restartPolicy: {type: OnFailure, onFailureRetries: 3}
  sparkConf: {spark.hadoop.fs.s3a.secret.key: hunter2, spark.eventLog.enabled: "true"}
  driver: {cores: 2, memory: 1g, serviceAccount: spark}
  executor: {instances: 2, cores: 1}
status:
  applicationState: {state: FAILED, errorMessage: "driver container failed\nwith ExitCode: 3"}
  lastSubmissionAttemptTime: "2026-03-01T12:05:00Z"
  terminationTime: "2026-03-01T12:06:00Z"
  executionAttempts: 4
  submissionAttempts: 1
  executorState: {pi-exec-1: FAILED}
)"),
          {yaml::parse(R"(
metadata: {name: pi-driver, labels: {spark-role: driver}, creationTimestamp: "2026-03-01T12:05:00Z"}
spec: {nodeName: n1}
status: {phase: Failed, containerStatuses: [{name: spark-kubernetes-driver, state: {terminated: {reason: Error, exitCode: 3}}}]}
)")},
          {yaml::parse(R"({type: Warning, reason: Later, message: m2, lastTimestamp: "2026-03-01T12:09:00Z",
                           involvedObject: {kind: Pod, name: pi-driver}})"),
           yaml::parse(R"({type: Normal, reason: Sooner, message: m1, count: 3, lastTimestamp: "2026-03-01T12:08:00Z",
                           involvedObject: {kind: SparkApplication, name: pi}})")}};
}

TEST(Describe, ReadsAsAPage) {
  EXPECT_EQ(describe(failed(), kNow, false), R"(Name:              pi
Namespace:         spark
Labels:            team=a
State:             FAILED
Error:             driver container failed with ExitCode: 3
Created:           2026-03-01T12:00:00Z (10m ago)
Submitted:         2026-03-01T12:05:00Z (5m ago)
Ended:             2026-03-01T12:06:00Z (4m ago)
Run time:          60s
Attempts:          4 runs, 1 submission
Spec:
  Type:            Scala, cluster mode
  Spark version:   4.0.0
  Image:           spark:4.0.0
  Main file:       local:///pi.jar
  Arguments:       10 x
  Restart policy:  OnFailure, 3 after a failed run, 0 after a failed submission
  Driver:          2 cores, 1g memory, service account spark
  Executors:       2, each 1 core
  Spark configuration:
    PROPERTY                         VALUE
    spark.eventLog.enabled           true
    spark.hadoop.fs.s3a.secret.key   *********(redacted)
Driver:
  POD         STATE   EXIT CODE   NODE   AGE   MESSAGE
  pi-driver   Error   3           n1     5m
Executors:
  POD         STATE    EXIT CODE   NODE   AGE   MESSAGE
  pi-exec-1   FAILED   -           -      -     the pod is gone
Events:
  AGE       TYPE      REASON   OBJECT                MESSAGE
  2m (x3)   Normal    Sooner   sparkapplication/pi   m1
  60s       Warning   Later    pod/pi-driver         m2
)");
}

TEST(Describe, StandsAnythingInAnObject) {
  for (const char* strange :
       {"[]", "{}", "{spec: 1, status: x, metadata: []}", "{spec: {arguments: [{a: 1}], sparkConf: {a: [1]}}}",
        "{status: {executorState: {x: 1}}}"}) {
    const kube::Object v = yaml::parse(strange);
    EXPECT_NO_THROW(describe({v, {v}, {v}}, kNow, true)) << strange;
  }
}

TEST(Redacted, SecretsByTheirNames) {
  for (const char* key : {"spark.hadoop.fs.s3a.secret.key", "spark.hadoop.fs.s3a.access.key", "PASSWORD",
                          "my.oauthToken", "spark.ssl.keyPassword", "fs.s3a.accessKey"})
    EXPECT_EQ(redacted(key, "v"), "*********(redacted)") << key;
  EXPECT_EQ(redacted("spark.executor.memory", "1g"), "1g");
}

}  // namespace
}  // namespace spoke::cli
