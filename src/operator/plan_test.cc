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
  for (const auto& object : plan.owned)
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

TEST(Plan, WhatIsThePodsIsWithoutAnOwnerUntilThePodIsThere) {
  const Plan made = plan(application("{}"));
  EXPECT_TRUE(made.before.empty());
  std::vector<std::string> kinds;
  for (const auto& object : made.owned) {
    kinds.emplace_back(kube::kind(object));
    EXPECT_EQ(nullptr, kube::controller_of(object));
  }
  EXPECT_EQ((std::vector<std::string>{"Service", "ConfigMap", "ConfigMap"}), kinds);
}

TEST(Plan, TheUiServiceIsAsItsOptionsSay) {
  const auto service = [](const char* options) { return plan(application(options)).standing.at(0); };
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

// Of that kind, the first.
json::value standing(const Plan& plan, std::string_view kind, size_t index = 0) {
  for (const auto& object : plan.standing)
    if (kube::kind(object) == kind && index-- == 0) return object;
  ADD_FAILURE() << "there is no " << kind;
  return {};
}

TEST(Plan, TheUiHasAnIngressWhereTheOperatorHasAFormatForIt) {
  PlanOptions options;
  options.services = {.ingress_url_format = "https://{{$appName}}.{{ $appNamespace }}.example.com/ui/{{$appId}}",
                      .ingress_class_name = "nginx",
                      .ingress_tls = {json::object{{"secretName", "all"}}},
                      .ingress_annotations = {{"a", "b"}}};
  const Plan made = plan(application("{}"), options);
  const std::string path = "/ui/" + made.app_id;
  EXPECT_EQ("pi-ui-ingress", made.web_ui.web_ui_ingress_name);
  EXPECT_EQ("https://pi.jobs.example.com" + path, made.web_ui.web_ui_ingress_address);
  json::value expected = yaml::parse(R"(
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: pi-ui-ingress
  namespace: jobs
  labels: {sparkoperator.k8s.io/app-name: pi, sparkoperator.k8s.io/submission-id: 0b9d1c9e-5a51-4f6e-9a3b-2f1d6f1f7a10}
  annotations: {a: b, nginx.ingress.kubernetes.io/rewrite-target: /$2}
spec:
  ingressClassName: nginx
  tls: [{secretName: all}]
  rules:
  - host: pi.jobs.example.com
    http: {paths: [{pathType: ImplementationSpecific, backend: {service: {name: pi-ui-svc, port: {number: 4040}}}}]}
)");
  json::set(expected, "metadata.ownerReferences", json::array{owner_reference(application("{}"))});
  expected.at("spec").at("rules").at(0).at("http").at("paths").at(0).as_object()["path"] = path + "(/|$)(.*)";
  EXPECT_EQ(expected, standing(made, "Ingress"));
  EXPECT_NE(std::string::npos, json::dump(made.owned.back()).find("spark.ui.proxyBase=" + path));
  EXPECT_NE(std::string::npos, json::dump(made.owned.back()).find("spark.ui.proxyRedirectUri=/"));

  const Plan own =
      plan(application("{sparkUIOptions: {ingressAnnotations: {c: d}, ingressTLS: [{secretName: own}]}}"), options);
  EXPECT_EQ("", kube::annotation(standing(own, "Ingress"), "a"));
  EXPECT_EQ("d", kube::annotation(standing(own, "Ingress"), "c"));
  EXPECT_EQ(R"([{"secretName":"own"}])", json::dump(json::list(standing(own, "Ingress"), "spec.tls")));

  options.services.ingress_url_format = "{{$appName}}.example.com";
  const json::value plain = standing(plan(application("{}"), options), "Ingress");
  EXPECT_EQ("", kube::annotation(plain, "nginx.ingress.kubernetes.io/rewrite-target"));
  EXPECT_EQ(std::string::npos, json::dump(plain).find("\"path\""));
  options.services.ui_service = false;
  const Plan none = plan(application("{}"), options);
  EXPECT_TRUE(none.standing.empty());
  EXPECT_EQ("", none.web_ui.web_ui_service_name + none.web_ui.web_ui_ingress_name);
}

TEST(Plan, FurtherPortsOfTheDriverHaveServicesAndIngresses) {
  const Plan made = plan(application(R"({driverIngressOptions: [
    {servicePort: 8080, servicePortName: http, ingressURLFormat: "/{{$appNamespace}}/{{$appName}}"},
    {servicePort: 9090, serviceType: LoadBalancer, serviceLabels: {a: b}, serviceAnnotations: {c: d}}]})"));
  const json::value http = standing(made, "Service", 1), second = standing(made, "Service", 2);
  EXPECT_EQ("pi-driver-8080", kube::name(http));
  EXPECT_EQ(R"([{"name":"http","port":8080,"targetPort":8080}])", json::dump(json::list(http, "spec.ports")));
  EXPECT_EQ("pi-driver-9090", kube::name(second));
  EXPECT_EQ("driver-ing-9090", json::str(json::list(second, "spec.ports").at(0), "name"));
  EXPECT_EQ("LoadBalancer", json::str(second, "spec.type"));
  EXPECT_EQ("b", kube::label(second, "a"));
  EXPECT_EQ("d", kube::annotation(second, "c"));
  const json::value ingress = standing(made, "Ingress");
  EXPECT_EQ("pi-ing-8080", kube::name(ingress));
  EXPECT_NE(std::string::npos, json::dump(ingress).find(R"x("path":"/jobs/pi(/|$)(.*)")x"));
  EXPECT_EQ(std::string::npos, json::dump(ingress).find("\"host\"")) << "any";
  EXPECT_EQ(4u, made.standing.size());
  EXPECT_EQ("spec.driverIngressOptions[0].servicePort: is missing", error_of("{driverIngressOptions: [{}]}"));
  EXPECT_EQ("spec.driverIngressOptions: duplicate ServicePort: 1",
            error_of("{driverIngressOptions: [{servicePort: 1}, {servicePort: 1}]}"));
}

TEST(Plan, MetricsAreShownToPrometheus) {
  const char* spec = R"({driver: {javaOptions: -Xss1m}, monitoring: {exposeDriverMetrics: true,
    exposeExecutorMetrics: true, prometheus: {jmxExporterJar: /prometheus/exporter.jar, port: 8091, portName: jmx}}})";
  const Plan made = plan(application(spec));
  const json::value config = standing(made, "ConfigMap");
  EXPECT_EQ("pi-prom-conf", kube::name(config));
  EXPECT_EQ("app-uid", json::str(*kube::controller_of(config), "uid"));
  EXPECT_NE(std::string::npos,
            json::find_member(*json::find(config, "data"), "metrics.properties")->as_string().find("JmxSink"));
  const json::value rules = yaml::parse(json::find_member(*json::find(config, "data"), "prometheus.yaml")->as_string());
  EXPECT_EQ(13u, json::list(rules, "rules").size());
  EXPECT_EQ(yaml::parse(R"(
pattern: 'metrics<name=(\S+)\.(\S+)\.driver\.(BlockManager|DAGScheduler|jvm)\.(\S+)><>Value'
name: spark_driver_$3_$4
type: GAUGE
labels: {app_namespace: $1, app_id: $2}
)"),
            json::list(rules, "rules").at(0));
  for (const auto& pod : {made.pod, executor_template(made)}) {
    const json::value& spark = json::list(pod, "spec.containers").at(0);
    EXPECT_NE(std::string::npos, json::dump(json::list(spark, "ports")).find(R"("containerPort":8091)"));
    EXPECT_NE(std::string::npos,
              json::dump(json::list(spark, "volumeMounts"))
                  .find(R"({"name":"pi-prom-conf-vol","readOnly":true,"mountPath":"/etc/metrics/conf"})"));
  }
  EXPECT_EQ("true", kube::annotation(made.pod, "prometheus.io/scrape"));
  EXPECT_EQ("8091", kube::annotation(made.pod, "prometheus.io/port"));
  EXPECT_EQ("/metrics", kube::annotation(made.pod, "prometheus.io/path"));
  const std::string conf = json::dump(made.owned.back());
  for (const char* line : {"spark.metrics.namespace=jobs.pi", "spark.metrics.conf=/etc/metrics/conf/metrics.properties",
                           "spark.driver.extraJavaOptions=-Xss1m "
                           "-javaagent\\:/prometheus/exporter.jar\\=8091\\:/etc/metrics/conf/prometheus.yaml",
                           "spark.kubernetes.executor.annotation.prometheus.io/scrape=true"})
    EXPECT_NE(std::string::npos, conf.find(json::dump(json::value(line)).substr(1, std::string(line).size())))
        << line << conf;
}

TEST(Plan, WhatIsInTheImageNeedsNoConfigMap) {
  const Plan made = plan(application(R"({monitoring: {exposeDriverMetrics: true, metricsPropertiesFile: /m.properties,
    prometheus: {jmxExporterJar: /e.jar, configFile: /c.yaml}}})"));
  EXPECT_EQ(1u, made.standing.size()) << "the UI's Service";
  const std::string conf = json::dump(made.owned.back());
  EXPECT_NE(std::string::npos, conf.find("spark.metrics.conf=/m.properties")) << conf;
  EXPECT_NE(std::string::npos, conf.find("/e.jar")) << conf;
  EXPECT_NE(std::string::npos, conf.find("8090")) << conf;
  EXPECT_EQ("", kube::annotation(executor_template(made), "prometheus.io/scrape"));
  const Plan own = plan(application("{monitoring: {metricsProperties: \"a=b\"}}"));
  EXPECT_EQ(R"({"metrics.properties":"a=b"})", json::dump(*json::find(standing(own, "ConfigMap"), "data")));
}

TEST(Plan, ADriverMayHaveABudgetOfItsOwn) {
  const json::value budget = standing(plan(application("{driverPodDisruptionBudget: true}")), "PodDisruptionBudget");
  EXPECT_EQ("pi-driver", kube::name(budget));
  EXPECT_EQ(
      R"({"minAvailable":1,"selector":{"matchLabels":{"sparkoperator.k8s.io/app-name":"pi","spark-role":"driver"}}})",
      json::dump(*json::find(budget, "spec")));
  EXPECT_EQ(1u, plan(application("{driverPodDisruptionBudget: true}"), {.driver_budgets = false}).standing.size());
}

constexpr const char* kGang = R"({batchScheduler: %s, batchSchedulerOptions: {queue: q, priorityClassName: high},
  driver: {cores: 1, coreRequest: 500m, memory: 512m}, executor: {cores: 2, instances: 3, memory: 1g}})";

std::string gang(const char* scheduler) {
  std::string out = kGang;
  return out.replace(out.find("%s"), 2, scheduler);
}

TEST(Plan, VolcanoGetsAPodGroupForTheWholeGang) {
  const Plan made = plan(application(gang("volcano").c_str()));
  json::value expected = yaml::parse(R"(
apiVersion: scheduling.volcano.sh/v1beta1
kind: PodGroup
metadata: {name: spark-pi-pg, namespace: jobs}
spec: {minResources: {cpu: 6500m, memory: 5Gi}, queue: q, priorityClassName: high, minMember: 1}
)");
  json::set(expected, "metadata.ownerReferences", json::array{owner_reference(application("{}"))});
  EXPECT_EQ(json::sorted(expected), json::sorted(standing(made, "PodGroup"))) << "512 + 384, and three of 1024 + 384";
  EXPECT_EQ("spark-pi-pg", kube::annotation(made.pod, "scheduling.k8s.io/group-name"));
  EXPECT_EQ("volcano", json::str(made.pod, "spec.schedulerName"));
  EXPECT_EQ("volcano", json::str(executor_template(made), "spec.schedulerName"));
  EXPECT_NE(std::string::npos, json::dump(made.owned.back()).find("executor.annotation.scheduling.k8s.io/group-name"));

  const Plan told = plan(application("{batchScheduler: volcano, batchSchedulerOptions: {resources: {cpu: 2}}}"));
  EXPECT_EQ(R"({"cpu":2})", json::dump(*json::find(standing(told, "PodGroup"), "spec.minResources")));
  PlanOptions off;
  off.schedulers.enabled = false;
  EXPECT_EQ(1u, plan(application(gang("volcano").c_str()), off).standing.size());
}

TEST(Plan, YunikornGetsTaskGroups) {
  const Plan made = plan(application(gang("yunikorn").c_str()));
  EXPECT_EQ(yaml::parse(R"([{name: spark-driver, minMember: 1, minResource: {cpu: 500m, memory: 896Mi}},
    {name: spark-executor, minMember: 3, minResource: {cpu: "2", memory: 1408Mi}}])"),
            json::parse(kube::annotation(made.pod, "yunikorn.apache.org/task-groups")));
  EXPECT_EQ("spark-driver", kube::annotation(made.pod, "yunikorn.apache.org/task-group-name"));
  EXPECT_EQ("q", kube::label(made.pod, "queue"));
  EXPECT_EQ("yunikorn", json::str(made.pod, "spec.schedulerName"));
  EXPECT_EQ(1u, made.standing.size());
  const Plan placed = plan(application(R"({batchScheduler: yunikorn, dynamicAllocation: {enabled: true},
    driver: {nodeSelector: {a: b}, labels: {c: d}, tolerations: [{operator: Exists}], affinity: {nodeAffinity: {}}}})"));
  EXPECT_EQ(yaml::parse(R"([{name: spark-driver, minMember: 1, minResource: {cpu: "1", memory: 1408Mi},
    nodeSelector: {a: b}, tolerations: [{operator: Exists}], affinity: {nodeAffinity: {}}, labels: {c: d}}])"),
            json::parse(kube::annotation(placed.pod, "yunikorn.apache.org/task-groups")))
      << "no executors at first";
}

TEST(Plan, SchedulerPluginsGetAPodGroupByLabel) {
  PlanOptions options;
  options.schedulers.kube_schedulers = {"gangs"};
  const Plan made = plan(application(gang("gangs").c_str()), options);
  const json::value group = standing(made, "PodGroup");
  EXPECT_EQ("scheduling.x-k8s.io/v1alpha1", json::str(group, "apiVersion"));
  EXPECT_EQ("pi-pg", kube::name(group));
  EXPECT_EQ("pi-pg", kube::label(made.pod, "scheduling.x-k8s.io/pod-group"));
  EXPECT_EQ("gangs", json::str(made.pod, "spec.schedulerName"));
  EXPECT_TRUE(error_of(gang("gangs").c_str()).starts_with("spec.batchScheduler: \"gangs\" is neither volcano nor"));
  options.schedulers.otherwise = "gangs";
  EXPECT_EQ("pi-pg", kube::name(standing(plan(application("{}"), options), "PodGroup")));
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
  for (const auto* file : {"spark-pi.yaml", "spark-pi-retry.yaml", "spark-pi-ttl.yaml", "wordcount.yaml"})
    for (const auto& document : yaml::parse_all(read_file(Path(SPOKE_SOURCE_DIR) / "examples" / file))) {
      if (kube::kind(document) != kKind) continue;
      ++applications;
      const Plan made = plan(read_application(document));
      EXPECT_EQ("spark", json::str(made.pod, "spec.serviceAccountName"));
    }
  EXPECT_EQ(4, applications);
}

}  // namespace
}  // namespace spoke::op
