#include "operator/application.h"

#include <set>

#include "base/strings.h"
#include "kube/names.h"
#include "kube/selector.h"
#include "operator/ids.h"
#include "operator/labels.h"
#include "operator/properties_refused.h"
#include "operator/some_of.h"

namespace spoke::op {
namespace {

void read_pod(const Reader& r, PodSpec& pod) {
  pod.field = r.field();
  pod.pod_template = r.object("template");
  pod.cores = r.whole("cores");
  pod.core_request = r.text("coreRequest");
  pod.core_limit = r.text("coreLimit");
  pod.memory = r.text("memory");
  pod.memory_limit = r.text("memoryLimit");
  pod.memory_overhead = r.text("memoryOverhead");
  if (const Reader gpu = r.child("gpu"); gpu.there())
    pod.gpu = Gpu{gpu.need_text("name"), gpu.whole("quantity").value_or(0)};
  pod.image = r.text("image");
  for (const Reader& c : r.children("configMaps"))
    pod.config_maps.push_back({c.need_text("name"), c.need_text("path")});
  for (const Reader& s : r.children("secrets"))
    pod.secrets.push_back({s.need_text("name"), s.need_text("path"), s.text("secretType").value_or("")});
  pod.env = r.objects("env");
  pod.env_vars = r.texts("envVars");
  pod.env_from = r.objects("envFrom");
  if (const auto refs = r.object("envSecretKeyRefs"))
    for (const auto& [name, ref] : refs->get_object()) {
      const Reader key(&ref, fmt::format("{}.envSecretKeyRefs.{}", r.field(), std::string_view(name)));
      pod.env_secret_key_refs[name] = {key.need_text("name"), key.need_text("key")};
    }
  pod.labels = r.texts("labels");
  pod.annotations = r.texts("annotations");
  pod.node_selector = r.texts("nodeSelector");
  pod.volume_mounts = r.objects("volumeMounts");
  pod.affinity = r.object("affinity");
  pod.tolerations = r.objects("tolerations");
  pod.pod_security_context = r.object("podSecurityContext");
  pod.security_context = r.object("securityContext");
  pod.scheduler_name = r.text("schedulerName");
  pod.priority_class_name = r.text("priorityClassName");
  pod.sidecars = r.objects("sidecars");
  pod.init_containers = r.objects("initContainers");
  pod.host_aliases = r.objects("hostAliases");
  pod.host_network = r.flag("hostNetwork");
  pod.share_process_namespace = r.flag("shareProcessNamespace");
  pod.dns_config = r.object("dnsConfig");
  pod.lifecycle = r.object("lifecycle");
  pod.termination_grace_period_seconds = r.whole("terminationGracePeriodSeconds");
  pod.service_account = r.text("serviceAccount");
  pod.java_options = r.text("javaOptions");
  pod.ports = r.objects("ports");
}

Dependencies read_dependencies(const Reader& r) {
  return {.jars = r.list("jars"),
          .files = r.list("files"),
          .py_files = r.list("pyFiles"),
          .packages = r.list("packages"),
          .exclude_packages = r.list("excludePackages"),
          .repositories = r.list("repositories"),
          .archives = r.list("archives")};
}

std::optional<UiOptions> read_ui(const Reader& r) {
  if (!r.there()) return std::nullopt;
  return UiOptions{.service_port = r.whole("servicePort"),
                   .service_port_name = r.text("servicePortName"),
                   .service_type = r.text("serviceType"),
                   .service_annotations = r.texts("serviceAnnotations"),
                   .service_labels = r.texts("serviceLabels"),
                   .ingress_annotations = r.texts("ingressAnnotations"),
                   .ingress_tls = r.objects("ingressTLS")};
}

DriverIngress read_driver_ingress(const Reader& r) {
  const auto port = r.whole("servicePort");
  if (!port) throw InvalidApplication(r.field() + ".servicePort", "is missing");
  return {.service_port = *port,
          .service_port_name = r.text("servicePortName"),
          .service_type = r.text("serviceType"),
          .service_annotations = r.texts("serviceAnnotations"),
          .service_labels = r.texts("serviceLabels"),
          .url_format = r.text("ingressURLFormat").value_or(""),
          .ingress_annotations = r.texts("ingressAnnotations"),
          .ingress_tls = r.objects("ingressTLS")};
}

std::optional<Monitoring> read_monitoring(const Reader& r) {
  if (!r.there()) return std::nullopt;
  const auto some = [](std::optional<std::string> text) { return text && !text->empty() ? text : std::nullopt; };
  Monitoring out{.driver = r.flag("exposeDriverMetrics").value_or(false),
                 .executor = r.flag("exposeExecutorMetrics").value_or(false),
                 .metrics_properties = r.text("metricsProperties"),
                 .metrics_properties_file = some(r.text("metricsPropertiesFile")),
                 .prometheus = std::nullopt};
  if (const Reader p = r.child("prometheus"); p.there()) {
    const Prometheus otherwise;
    out.prometheus = Prometheus{.jar = p.need_text("jmxExporterJar"),
                                .port = p.whole("port").value_or(otherwise.port),
                                .port_name = p.text("portName").value_or(otherwise.port_name),
                                .config_file = some(p.text("configFile")),
                                .configuration = p.text("configuration")};
  }
  return out;
}

BatchOptions read_batch_options(const Reader& r) {
  const auto resources = r.object("resources");
  return {.queue = r.text("queue"),
          .priority_class_name = r.text("priorityClassName"),
          .resources = resources ? resources->get_object() : json::object{}};
}

// Where the same thing is said in sparkConf, that stands.
void set_defaults(Spec& spec) {
  const Texts& conf = spec.spark_conf;
  const auto defaults = [&conf](PodSpec& pod, const char* cores, const char* memory) {
    if (!pod.cores && !conf.contains(cores)) pod.cores = 1;
    if (!pod.memory && !conf.contains(memory)) pod.memory = "1g";
  };
  defaults(spec.driver, "spark.driver.cores", "spark.driver.memory");
  defaults(spec.executor, "spark.executor.cores", "spark.executor.memory");
  const bool dynamic = spec.dynamic_allocation && spec.dynamic_allocation->enabled;
  if (!spec.executor.instances && !conf.contains("spark.executor.instances") && !dynamic) spec.executor.instances = 1;
}

void check(const Application& app, const Spec& spec) {
  if (spec.mode != "cluster" && spec.mode != "client")
    throw InvalidApplication("spec.mode", fmt::format("is \"{}\", must be cluster or client", spec.mode));
  // A Service is named after the application, and Services have the narrowest rule.
  if (const auto reasons = kube::check_dns1035_label(app.name); !reasons.empty())
    throw InvalidApplication("metadata.name",
                             fmt::format("invalid SparkApplication name \"{}\": {}", app.name, join(reasons, ", ")));
  if (!spec.node_selector.empty() && !(spec.driver.node_selector.empty() && spec.executor.node_selector.empty()))
    throw InvalidApplication("spec.nodeSelector",
                             "node selector cannot be defined at both SparkApplication and Driver/Executor");
  std::set<std::int64_t> ports;
  std::set<std::string> urls;
  for (const auto& ingress : spec.driver_ingresses) {
    if (!ports.insert(ingress.service_port).second)
      throw InvalidApplication("spec.driverIngressOptions",
                               fmt::format("duplicate ServicePort: {}", ingress.service_port));
    if (!ingress.url_format.empty() && !urls.insert(ingress.url_format).second)
      throw InvalidApplication("spec.driverIngressOptions",
                               fmt::format("duplicate IngressURLFormat: {}", ingress.url_format));
  }
}

// A member of projections alone.
constexpr std::string_view kFingerprint = "fingerprint";

}  // namespace

bool needs_spec(State state) {
  switch (state) {
    case State::New:
    case State::SubmissionFailed:
    case State::PendingRerun:
    case State::Invalidating:
    case State::Suspending:
    case State::Suspended:
    case State::Resuming: return true;
    case State::Submitted:
    case State::Running:
    case State::Succeeding:
    case State::Completed:
    case State::Failing:
    case State::Failed:
    case State::Unknown: return false;
  }
  return true;
}

std::optional<DynamicAllocation> read_dynamic_allocation(const Reader& r) {
  if (!r.there()) return std::nullopt;
  return DynamicAllocation{.enabled = r.flag("enabled").value_or(false),
                           .initial_executors = r.whole("initialExecutors"),
                           .min_executors = r.whole("minExecutors"),
                           .max_executors = r.whole("maxExecutors"),
                           .shuffle_tracking_enabled = r.flag("shuffleTrackingEnabled").value_or(true),
                           .shuffle_tracking_timeout = r.whole("shuffleTrackingTimeout")};
}

Application read_application(const kube::Object& document) {
  Application app = read_for_plan(document);
  app.fingerprint = json::str(document, kFingerprint);
  if (app.fingerprint.empty()) app.fingerprint = fingerprint(app.spec);
  return app;
}

Application read_for_plan(const kube::Object& document) {
  Application app;
  app.name = kube::name(document);
  app.ns = kube::ns(document);
  app.uid = kube::uid(document);
  app.resource_version = kube::resource_version(document);
  app.created = parse_rfc3339(json::str(document, "metadata.creationTimestamp"));
  app.deleting = kube::deleting(document);
  for (auto& [name, value] : kube::labels_of(document)) app.labels[name] = std::move(value);
  app.status = read_status(document);
  app.suspend = json::flag(document, "spec.suspend");
  if (const json::value* ttl = json::find(document, "spec.timeToLiveSeconds"); ttl != nullptr && ttl->is_number())
    app.time_to_live = json::num(document, "spec.timeToLiveSeconds");
  app.restart = read_restart_policy(document);
  app.driver_budget = json::flag(document, "spec.driverPodDisruptionBudget");
  app.batch_scheduler = json::str(document, "spec.batchScheduler");
  app.extras = read_extras(document);
  if (const json::value* spec = json::find(document, "spec")) app.spec = *spec;
  return app;
}

kube::Object project_application(kube::Object application) {
  json::object kept{{"metadata", some_of(application, "metadata",
                                         {"name", "namespace", "uid", "resourceVersion", "creationTimestamp",
                                          "deletionTimestamp", "labels"})}};
  if (json::object extras = extras_of(application); !extras.empty())
    json::set(kept["metadata"], "annotations", std::move(extras));
  if (const json::value* status = json::find_member(application, "status")) kept["status"] = *status;
  if (const json::value* spec = json::find_member(application, "spec"); spec != nullptr) {
    kept[kFingerprint] = fingerprint(*spec);
    if (const Status status = read_status(application); needs_spec(status.state) || lacks_services(status)) {
      kept["spec"] = *spec;
    } else {
      kept["spec"] =
          some_of(application, "spec",
                  {"suspend", "timeToLiveSeconds", "restartPolicy", "driverPodDisruptionBudget", "batchScheduler"});
    }
  }
  return kept;
}

Spec read_spec(const Application& app) {
  const Reader r(&app.spec, "spec");
  if (!r.there()) throw InvalidApplication("spec", "is missing");
  if (app.extras.wrong) throw *app.extras.wrong;
  refuse_properties(app.spec, app.ns);

  Spec spec;
  spec.type = r.need_text("type");
  spec.spark_version = r.need_text("sparkVersion");
  spec.mode = r.text("mode").value_or("cluster");
  spec.proxy_user = r.text("proxyUser");
  spec.image = r.text("image");
  spec.image_pull_policy = r.text("imagePullPolicy");
  spec.image_pull_secrets = r.list("imagePullSecrets");
  spec.main_class = r.text("mainClass");
  spec.main_application_file = r.need_text("mainApplicationFile");
  spec.arguments = r.list("arguments");
  spec.spark_conf = r.texts("sparkConf");
  spec.hadoop_conf = r.texts("hadoopConf");
  spec.spark_config_map = r.text("sparkConfigMap");
  spec.hadoop_config_map = r.text("hadoopConfigMap");
  spec.volumes = r.objects("volumes");

  const Reader driver = r.child("driver");
  read_pod(driver, spec.driver);
  spec.driver.pod_name = driver.text("podName");
  spec.driver.kubernetes_master = driver.text("kubernetesMaster");
  spec.driver.service_annotations = driver.texts("serviceAnnotations");
  spec.driver.service_labels = driver.texts("serviceLabels");

  const Reader executor = r.child("executor");
  read_pod(executor, spec.executor);
  spec.executor.instances = executor.whole("instances");
  spec.executor.delete_on_termination = executor.flag("deleteOnTermination");

  spec.deps = read_dependencies(r.child("deps"));
  spec.node_selector = r.texts("nodeSelector");
  spec.python_version = r.text("pythonVersion");
  spec.memory_overhead_factor = r.text("memoryOverheadFactor");
  spec.ui = read_ui(r.child("sparkUIOptions"));
  for (const Reader& ingress : r.children("driverIngressOptions"))
    spec.driver_ingresses.push_back(read_driver_ingress(ingress));
  spec.monitoring = read_monitoring(r.child("monitoring"));
  if (auto scheduler = r.text("batchScheduler"); scheduler && !scheduler->empty()) spec.batch_scheduler = scheduler;
  spec.batch = read_batch_options(r.child("batchSchedulerOptions"));
  spec.driver_budget = r.flag("driverPodDisruptionBudget").value_or(false);
  spec.dynamic_allocation = read_dynamic_allocation(r.child("dynamicAllocation"));

  check(app, spec);
  set_defaults(spec);
  return spec;
}

json::value owner_reference(const Application& app) {
  return json::object{{"apiVersion", kApiVersion}, {"kind", kKind},
                      {"name", app.name},          {"uid", app.uid},
                      {"controller", true},        {"blockOwnerDeletion", true}};
}

std::string driver_pod_name(const Application& app, const Spec& spec) {
  if (spec.driver.pod_name && !spec.driver.pod_name->empty()) return *spec.driver.pod_name;
  const auto in_conf = spec.spark_conf.find("spark.kubernetes.driver.pod.name");
  if (in_conf != spec.spark_conf.end() && !in_conf->second.empty()) return in_conf->second;
  return app.name + "-driver";
}

}  // namespace spoke::op
