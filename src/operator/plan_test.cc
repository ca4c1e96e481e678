// What is beyond the cases of parity_test.cc: executors, templates, fields of every kind, and what cannot be submitted.

#include "operator/plan.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "data/yaml.h"
#include "operator/crds.h"
#include "operator/ids.h"
#include "operator/labels.h"
#include "operator/properties.h"

namespace spoke::op {
namespace {

// `spec` in YAML, merged over the least that there is to say.
Application application(const char* spec) {
  json::value document = yaml::parse(R"(
metadata: {name: pi, namespace: jobs, uid: app-uid}
spec: {type: Scala, sparkVersion: 4.1.4, image: "spark:4.1.4", mainClass: Main, mainApplicationFile: "local:///a.jar",
  driver: {}, executor: {}}
status: {submissionID: 0b9d1c9e-5a51-4f6e-9a3b-2f1d6f1f7a10, lastSubmissionAttemptTime: "2026-03-01T12:00:00Z"}
)");
  const json::value more = yaml::parse(spec);
  for (const auto& [name, value] : more.as_object()) document.as_object()["spec"].as_object()[name] = value;
  return read_application(document);
}

spark::Properties properties(const char* spec) {
  const Application app = application(spec);
  return properties_of(app, read_spec(app));
}

std::string property(const char* spec, const char* name) {
  const auto all = properties(spec);
  const auto found = all.find(name);
  return found == all.end() ? "(none)" : found->second;
}

json::value executor_template(const Plan& plan) {
  for (const auto& object : plan.mounted)
    if (kube::name(object).ends_with("-podspec-conf-map"))
      return yaml::parse(json::find_member(*json::find(object, "data"), "podspec-configmap-key")->as_string());
  ADD_FAILURE() << "there is no template";
  return {};
}

json::value container(const json::value& pod, std::string_view name) {
  for (const auto& c : json::list(pod, "spec.containers"))
    if (json::str(c, "name") == name) return c;
  ADD_FAILURE() << "there is no container " << name;
  return {};
}

std::string error_of(const char* spec) {
  try {
    plan(application(spec));
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

// Properties.

TEST(Properties, TheFieldsBeatSparkConfAndTheOperatorsLabelsBeatAll) {
  EXPECT_EQ("2g", property("{driver: {memory: 2g}, sparkConf: {spark.driver.memory: 8g}}", "spark.driver.memory"));
  EXPECT_EQ("pi", property("{sparkConf: {spark.app.name: other}}", "spark.app.name"));
  const char* forged =
      "{driver: {labels: {sparkoperator.k8s.io/submission-id: forged, sparkoperator.k8s.io/app-name: x}}}";
  EXPECT_EQ("0b9d1c9e-5a51-4f6e-9a3b-2f1d6f1f7a10",
            property(forged, "spark.kubernetes.driver.label.sparkoperator.k8s.io/submission-id"));
  EXPECT_EQ("pi", property(forged, "spark.kubernetes.driver.label.sparkoperator.k8s.io/app-name"));
}

TEST(Properties, LabelsOfTheApplicationGoToPodsButKueuesDoNot) {
  Application app = application("{}");
  app.labels = {{"team", "a"}, {"kueue.x-k8s.io/queue-name", "q"}};
  const auto all = properties_of(app, read_spec(app));
  EXPECT_TRUE(all.contains("spark.kubernetes.driver.label.team"));
  EXPECT_TRUE(all.contains("spark.kubernetes.executor.label.team"));
  EXPECT_FALSE(all.contains("spark.kubernetes.driver.label.kueue.x-k8s.io/queue-name"));
}

TEST(Properties, SecretsOfAKindBringTheirVariable) {
  const char* spec = R"({executor: {secrets: [{name: t, path: /mnt/t/, secretType: HadoopDelegationToken},
                                              {name: g, path: /mnt/g, secretType: Generic}]}})";
  EXPECT_EQ("/mnt/t/", property(spec, "spark.kubernetes.executor.secrets.t"));
  EXPECT_EQ("/mnt/t/hadoop.token", property(spec, "spark.executorEnv.HADOOP_TOKEN_FILE_LOCATION"));
  EXPECT_EQ("/mnt/g", property(spec, "spark.kubernetes.executor.secrets.g"));
}

TEST(Properties, ScratchSpaceIsAPropertyOfItsOwnKind) {
  const char* spec = R"({volumes: [{name: spark-local-dir-1, emptyDir: {medium: Memory, sizeLimit: 1024Mi}},
                                   {name: spark-local-dir-2, hostPath: {path: /fast, type: Directory}}],
    driver: {volumeMounts: [{name: spark-local-dir-1, mountPath: /tmp/a}]},
    executor: {volumeMounts: [{name: spark-local-dir-2, mountPath: /tmp/b, readOnly: false, subPath: s}]}})";
  const auto all = properties(spec);
  const auto at = [&all](const std::string& name) { return all.contains(name) ? all.find(name)->second : "(none)"; };
  const std::string driver = "spark.kubernetes.driver.volumes.emptyDir.spark-local-dir-1.";
  EXPECT_EQ("/tmp/a", at(driver + "mount.path"));
  EXPECT_EQ("1Gi", at(driver + "options.sizeLimit"));
  EXPECT_EQ("Memory", at(driver + "options.medium"));
  const std::string executor = "spark.kubernetes.executor.volumes.hostPath.spark-local-dir-2.";
  EXPECT_EQ("/fast", at(executor + "options.path"));
  EXPECT_EQ("Directory", at(executor + "options.type"));
  EXPECT_EQ("s", at(executor + "mount.subPath"));
  EXPECT_EQ("(none)", at(executor + "mount.readOnly"));

  const Plan made = plan(application(spec));
  EXPECT_EQ(std::string::npos, json::dump(executor_template(made)).find("spark-local-dir"));
}

TEST(Properties, ScratchSpaceThatSparkCannotMakeIsRefused) {
  EXPECT_TRUE(error_of("{driver: {volumeMounts: [{name: spark-local-dir-1, mountPath: /a}]}}")
                  .starts_with("spec.driver.volumeMounts[0]: volume spark-local-dir-1 not found"));
  const auto with = [](const std::string& volume, const std::string& mount) {
    return error_of(fmt::format("{{volumes: [{{name: spark-local-dir-1, {}}}], driver: {{volumeMounts: "
                                "[{{name: spark-local-dir-1, mountPath: /a{}}}]}}}}",
                                volume, mount)
                        .c_str());
  };
  EXPECT_EQ("", with("emptyDir: {}", ""));
  EXPECT_NE(std::string::npos, with("configMap: {name: c}", "").find("unsupported volume type"));
  EXPECT_NE(std::string::npos, with("emptyDir: {}", ", mountPropagation: None").find("mountPropagation"));
  EXPECT_NE(std::string::npos, with("emptyDir: {sizeLimit: much}", "").find("sizeLimit"));
}

// Fields for which Spark has no property.

constexpr const char* kEverything = R"(
volumes:
- {name: data, hostPath: {path: /data}}
- {name: logs, emptyDir: {}}
ROLE:
  env: [{name: A, value: b}]
  envFrom: [{configMapRef: {name: c}}]
  configMaps: [{name: cm, path: /etc/cm}]
  volumeMounts: [{name: data, mountPath: /data}]
  affinity: {nodeAffinity: {}}
  tolerations: [{operator: Exists}]
  nodeSelector: {disk: ssd}
  podSecurityContext: {runAsUser: 185}
  securityContext: {readOnlyRootFilesystem: true}
  schedulerName: other
  priorityClassName: high
  sidecars: [{name: side, image: busybox, volumeMounts: [{name: logs, mountPath: /logs}]}]
  initContainers: [{name: init, image: busybox}]
  hostNetwork: true
  dnsConfig: {nameservers: [1.1.1.1]}
  terminationGracePeriodSeconds: 45
  hostAliases: [{ip: 10.0.0.1, hostnames: [db]}]
  shareProcessNamespace: true
  lifecycle: {preStop: {exec: {command: [sync]}}}
  ports: [{name: jmx, protocol: TCP, containerPort: 9010}]
  gpu: {name: nvidia.com/gpu, quantity: 2}
)";

void expect_everything(const json::value& pod, std::string_view container_name) {
  const json::value spark = container(pod, container_name);
  EXPECT_NE(std::string::npos, json::dump(json::list(spark, "env")).find(R"({"name":"A","value":"b"})"));
  EXPECT_EQ(R"([{"configMapRef":{"name":"c"}}])", json::dump(json::list(spark, "envFrom")));
  const std::string mounts = json::dump(json::list(spark, "volumeMounts"));
  EXPECT_NE(std::string::npos, mounts.find(R"({"name":"cm-vol","readOnly":true,"mountPath":"/etc/cm"})")) << mounts;
  EXPECT_NE(std::string::npos, mounts.find(R"({"name":"data","mountPath":"/data"})")) << mounts;
  EXPECT_EQ(json::value(true), *json::find(spark, "securityContext.readOnlyRootFilesystem"));
  EXPECT_NE(nullptr, json::find(spark, "lifecycle.preStop.exec"));
  EXPECT_NE(std::string::npos, json::dump(json::list(spark, "ports")).find("9010"));
  EXPECT_EQ("2", json::find(spark, "resources.limits")->at("nvidia.com/gpu").as_string());

  const std::string volumes = json::dump(json::list(pod, "spec.volumes"));
  for (const auto* name : {"\"cm-vol\"", "\"data\"", "\"logs\""})
    EXPECT_NE(std::string::npos, volumes.find(name)) << volumes;
  EXPECT_NE(nullptr, json::find(pod, "spec.affinity.nodeAffinity"));
  EXPECT_EQ(1u, json::list(pod, "spec.tolerations").size());
  EXPECT_EQ("ssd", json::str(pod, "spec.nodeSelector.disk"));
  EXPECT_EQ(185, json::num(pod, "spec.securityContext.runAsUser"));
  EXPECT_EQ("other", json::str(pod, "spec.schedulerName"));
  EXPECT_EQ("high", json::str(pod, "spec.priorityClassName"));
  container(pod, "side");
  EXPECT_EQ(1u, json::list(pod, "spec.initContainers").size());
  EXPECT_TRUE(json::flag(pod, "spec.hostNetwork"));
  EXPECT_EQ("ClusterFirstWithHostNet", json::str(pod, "spec.dnsPolicy"));
  EXPECT_EQ(1u, json::list(pod, "spec.dnsConfig.nameservers").size());
  EXPECT_EQ(45, json::num(pod, "spec.terminationGracePeriodSeconds"));
  EXPECT_EQ(1u, json::list(pod, "spec.hostAliases").size());
  EXPECT_TRUE(json::flag(pod, "spec.shareProcessNamespace"));
}

std::string everything_of(const char* role) {
  std::string text = kEverything;
  return text.replace(text.find("ROLE"), 4, role);
}

TEST(PodFields, AllOfTheDriversAreInItsPod) {
  expect_everything(plan(application(everything_of("driver").c_str())).pod, kDriverContainer);
}

TEST(PodFields, AllOfTheExecutorsAreInTheTemplateThatTheyAreMadeFrom) {
  const Plan made = plan(application(everything_of("executor").c_str()));
  expect_everything(executor_template(made), kExecutorContainer);
  EXPECT_EQ("45s",
            property(everything_of("executor").c_str(), "spark.kubernetes.executor.terminationGracePeriodSeconds"));
  EXPECT_EQ(std::string::npos, json::dump(made.pod).find("busybox")) << "not in the driver";
}

TEST(PodFields, ExecutorsAreTheApplicationsWithoutBeingControlledByIt) {
  const json::value pod = executor_template(plan(application("{}")));
  const json::value& owner = json::list(pod, "metadata.ownerReferences").at(0);
  EXPECT_EQ("app-uid", json::str(owner, "uid"));
  EXPECT_EQ(nullptr, json::find(owner, "controller"));
}

TEST(PodFields, ATemplateIsWhatEverythingElseIsPutUpon) {
  const char* spec = R"(
driver:
  labels: {a: from-labels}
  volumeMounts: [{name: own, mountPath: /own}]
  template:
    metadata: {labels: {a: from-template, b: from-template}}
    spec:
      priorityClassName: low
      volumes: [{name: own, emptyDir: {}}]
      containers:
      - {name: beside, image: busybox}
      - {name: spark-kubernetes-driver, image: other, env: [{name: T, value: t}]}
)";
  const json::value pod = plan(application(spec)).pod;
  EXPECT_EQ("from-labels", kube::label(pod, "a"));
  EXPECT_EQ("from-template", kube::label(pod, "b"));
  EXPECT_EQ("", kube::label(pod, label::mutated_by)) << "kubeflow's webhook leaves pods of templates alone";
  EXPECT_EQ("low", json::str(pod, "spec.priorityClassName"));
  container(pod, "beside");
  const json::value spark = container(pod, kDriverContainer);
  EXPECT_EQ("spark:4.1.4", json::str(spark, "image"));
  EXPECT_NE(std::string::npos, json::dump(spark).find(R"("mountPath":"/own")"));
  EXPECT_NE(std::string::npos, json::dump(spark).find(R"("name":"T")"));
  EXPECT_EQ("SparkApplication", json::str(*kube::controller_of(pod), "kind"));
}

TEST(PodFields, TheMemoryLimitOfADriverIsWrittenAsSparkWritesMemory) {
  const auto limit = [](const std::string& text) {
    const json::value pod = plan(application(("{driver: {memoryLimit: \"" + text + "\"}}").c_str())).pod;
    return std::string(json::str(container(pod, kDriverContainer), "resources.limits.memory"));
  };
  EXPECT_EQ("4Gi", limit("4g"));
  EXPECT_EQ("1500Mi", limit("1500m"));
  EXPECT_EQ("2Ti", limit("2TB"));
  EXPECT_EQ("3Gi", limit("3Gi"));
  EXPECT_TRUE(error_of("{driver: {memoryLimit: lots}}").starts_with("spec.driver.memoryLimit: "));
}

TEST(PodFields, WhatCannotBeIsRefusedByName) {
  EXPECT_EQ("spec.driver.volumeMounts[0]: volume x not found in spec.volumes",
            error_of("{driver: {volumeMounts: [{name: x, mountPath: /x}]}}"));
  EXPECT_TRUE(
      error_of("{executor: {gpu: {name: nvidia.com/gpu, quantity: 0}}}").starts_with("spec.executor.gpu.quantity: "));
  EXPECT_TRUE(error_of("{executor: {env: [{name: SPARK_LOCAL_DIRS, value: /x}]}}").starts_with("spec.executor.env: "));
  EXPECT_NE("", error_of("{executor: {template: {spec: {containers: {}}}}}"));
  EXPECT_NE("", error_of("{executor: {template: {spec: {containers: [1]}}}}"));
  EXPECT_NE("", error_of("{driver: {template: {spec: []}}}"));
}

// The submission as a whole.

TEST(Plan, FilesOfTheOperatorsMachineAreNeverSent) {
  for (const auto* spec :
       {"{mainApplicationFile: /etc/passwd}", "{mainApplicationFile: main.py}",
        "{deps: {files: [\"file:///etc/shadow\"]}}", "{deps: {jars: [a.jar]}}",
        "{sparkConf: {spark.files: /etc/shadow, spark.kubernetes.file.upload.path: \"s3a://mine\"}}"})
    EXPECT_NE(std::string::npos, error_of(spec).find("is a file of the operator's own machine")) << spec;
}

TEST(Plan, WhatIsNoSparkPropertyIsAWarning) {
  const Plan made = plan(application("{sparkConf: {hive.x: y}}"));
  ASSERT_EQ(1u, made.warnings.size());
  EXPECT_NE(std::string::npos, made.warnings[0].find("hive.x"));
}

TEST(Plan, WhatThePodMountsComesFirstAndBelongsToTheApplication) {
  const Plan made = plan(application("{}"));
  ASSERT_EQ(2u, made.mounted.size());
  for (const auto& object : made.mounted) {
    EXPECT_EQ("ConfigMap", kube::kind(object));
    EXPECT_EQ("app-uid", json::str(*kube::controller_of(object), "uid"));
  }
  ASSERT_EQ(1u, made.others.size());
  EXPECT_EQ("Service", kube::kind(made.others[0]));
}

TEST(Plan, TheUiServiceIsAsItsOptionsSay) {
  const auto service = [](const char* options) { return plan(application(options)).ui_service; };
  json::value s = service(R"({sparkUIOptions: {servicePort: 80, servicePortName: http, serviceType: NodePort,
    serviceLabels: {a: b}, serviceAnnotations: {c: d}}, sparkConf: {spark.ui.port: "4050"}})");
  EXPECT_EQ(R"([{"name":"http","port":80,"targetPort":4050}])", json::dump(json::list(s, "spec.ports")));
  EXPECT_EQ("NodePort", json::str(s, "spec.type"));
  EXPECT_EQ("b", kube::label(s, "a"));
  EXPECT_EQ("d", kube::annotation(s, "c"));
  s = service("{sparkUIOptions: {}, sparkConf: {spark.ui.port: \"4050\"}}");
  EXPECT_EQ(R"([{"name":"spark-driver-ui-port","port":4040,"targetPort":4050}])",
            json::dump(json::list(s, "spec.ports")));
}

TEST(Ids, AreThoseOfTheAttempt) {
  const Time then = *parse_rfc3339("2026-03-01T12:00:00Z");
  EXPECT_EQ(ids_of("a", then).app, ids_of("a", then).app);
  EXPECT_NE(ids_of("a", then).app, ids_of("b", then).app);
  EXPECT_EQ(38u, ids_of("a", then).app.size());
}

TEST(Ids, ALongNameIsCutAndHashed) {
  EXPECT_EQ("pi-ui-svc", suffixed_name("pi", "ui-svc"));
  const std::string name(63, 'a');
  const std::string cut = suffixed_name(name, "ui-svc");
  EXPECT_EQ(63u, cut.size());
  EXPECT_TRUE(cut.ends_with("-ui-svc"));
  EXPECT_NE(cut, suffixed_name(name + "b", "ui-svc"));
}

// What is shipped.

TEST(Crds, AreWhatApiHolds) {
  EXPECT_EQ(yaml::parse(read_file(Path(SPOKE_SOURCE_DIR) / "api/sparkoperator.k8s.io_sparkapplications.yaml")),
            crds().at(0));
}

TEST(Examples, CanBeSubmittedAsTheyAre) {
  int applications = 0;
  for (const auto* file : {"spark-pi.yaml", "wordcount.yaml"})
    for (const auto& document : yaml::parse_all(read_file(Path(SPOKE_SOURCE_DIR) / "examples" / file))) {
      if (kube::kind(document) != kKind) continue;
      ++applications;
      const Plan made = plan(read_application(document));
      EXPECT_EQ("spark", json::str(made.pod, "spec.serviceAccountName"));
    }
  EXPECT_EQ(2, applications);
}

}  // namespace
}  // namespace spoke::op
