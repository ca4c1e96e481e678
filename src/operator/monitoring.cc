#include "operator/monitoring.h"

#include <array>

#include "operator/labels.h"

namespace spoke::op {
namespace {

constexpr std::string_view kFolder = "/etc/metrics/conf";
constexpr std::string_view kMetricsProperties = "metrics.properties";
constexpr std::string_view kExporterConfig = "prometheus.yaml";

// All that Spark's own sources have, as JMX values: what the exporter reads.
constexpr std::string_view kDefaultMetrics =
    "*.sink.jmx.class=org.apache.spark.metrics.sink.JmxSink\n"
    "driver.source.jvm.class=org.apache.spark.metrics.source.JvmSource\n"
    "executor.source.jvm.class=org.apache.spark.metrics.source.JvmSource\n";

// How kubeflow's operator names Spark's values, which dashboards know: a name of Spark's is
// NAMESPACE.APPLICATION.<source>, of which the first two become labels.
struct ExporterRule {
  std::string_view source;
  bool counter;
  std::string_view name;
  std::string_view third_label;  // of the source's first group; "": none
};

constexpr std::array kRules{
    ExporterRule{R"(driver\.(BlockManager|DAGScheduler|jvm)\.(\S+))", false, "spark_driver_$3_$4", ""},
    ExporterRule{R"(driver\.(\S+)\.StreamingMetrics\.streaming\.(\S+))", false, "spark_streaming_driver_$4", ""},
    ExporterRule{R"(driver\.spark\.streaming\.(\S+)\.(.*))", false, "spark_structured_streaming_driver_$4",
                 "query_name"},
    ExporterRule{R"((\S+)\.executor\.(\S+))", false, "spark_executor_$4", "executor_id"},
    ExporterRule{R"(driver\.DAGScheduler\.(.*))", true, "spark_driver_DAGScheduler_$3_count", ""},
    ExporterRule{R"(driver\.HiveExternalCatalog\.(.*))", true, "spark_driver_HiveExternalCatalog_$3_count", ""},
    ExporterRule{R"(driver\.CodeGenerator\.(.*))", true, "spark_driver_CodeGenerator_$3_count", ""},
    ExporterRule{R"(driver\.LiveListenerBus\.(.*))", true, "spark_driver_LiveListenerBus_$3_count", ""},
    ExporterRule{R"(driver\.LiveListenerBus\.(.*))", false, "spark_driver_LiveListenerBus_$3", ""},
    ExporterRule{R"((.*)\.executor\.(.*))", true, "spark_executor_$4_count", "executor_id"},
    ExporterRule{R"(([0-9]+)\.(jvm|NettyBlockTransfer)\.(.*))", false, "spark_executor_$4_$5", "executor_id"},
    ExporterRule{R"(([0-9]+)\.HiveExternalCatalog\.(.*))", true, "spark_executor_HiveExternalCatalog_$4_count",
                 "executor_id"},
    ExporterRule{R"(([0-9]+)\.CodeGenerator\.(.*))", true, "spark_executor_CodeGenerator_$4_count", "executor_id"},
};

std::string default_exporter_config() {
  std::string out = "lowercaseOutputName: true\nattrNameSnakeCase: true\nrules:\n";
  for (const auto& rule : kRules) {
    out += fmt::format(
        "- pattern: 'metrics<name=(\\S+)\\.(\\S+)\\.{}><>{}'\n  name: {}\n  type: {}\n  labels: {{app_namespace: $1, "
        "app_id: $2",
        rule.source, rule.counter ? "Count" : "Value", rule.name, rule.counter ? "COUNTER" : "GAUGE");
    out += rule.third_label.empty() ? "}\n" : fmt::format(", {}: $3}}\n", rule.third_label);
  }
  return out;
}

std::string config_name(const Application& app) { return app.name + "-prom-conf"; }

void expose(PodSpec& pod, const Prometheus& prometheus) {
  pod.annotations["prometheus.io/scrape"] = "true";
  pod.annotations["prometheus.io/port"] = std::to_string(prometheus.port);
  pod.annotations["prometheus.io/path"] = "/metrics";
  pod.ports.push_back(
      json::object{{"name", prometheus.port_name}, {"containerPort", prometheus.port}, {"protocol", "TCP"}});
  const std::string config = prometheus.config_file.value_or(fmt::format("{}/{}", kFolder, kExporterConfig));
  const std::string agent = fmt::format("-javaagent:{}={}:{}", prometheus.jar, prometheus.port, config);
  pod.java_options = pod.java_options ? *pod.java_options + " " + agent : agent;
}

}  // namespace

void use_monitoring(const Application& app, Spec& spec) {
  if (!spec.monitoring) return;
  const Monitoring& monitoring = *spec.monitoring;
  const bool mounted = monitoring_config(app, spec).has_value();
  if (!mounted && !monitoring.metrics_properties_file) return;
  // As the namespace of metrics it groups those of all attempts, as a push gateway needs it.
  spec.spark_conf["spark.metrics.namespace"] = fmt::format("{}.{}", app.ns, app.name);
  spec.spark_conf["spark.metrics.conf"] =
      monitoring.metrics_properties_file.value_or(fmt::format("{}/{}", kFolder, kMetricsProperties));
  const auto use = [&](PodSpec& pod, bool exposed) {
    // Both read what spark.metrics.conf names.
    if (mounted) pod.config_maps.push_back({config_name(app), std::string(kFolder)});
    if (exposed && monitoring.prometheus) expose(pod, *monitoring.prometheus);
  };
  use(spec.driver, monitoring.driver);
  use(spec.executor, monitoring.executor);
}

std::optional<kube::Object> monitoring_config(const Application& app, const Spec& spec) {
  if (!spec.monitoring) return std::nullopt;
  const Monitoring& monitoring = *spec.monitoring;
  json::object data;
  if (!monitoring.metrics_properties_file && (monitoring.prometheus || monitoring.metrics_properties))
    data[kMetricsProperties] = monitoring.metrics_properties.value_or(std::string(kDefaultMetrics));
  if (monitoring.prometheus && !monitoring.prometheus->config_file)
    data[kExporterConfig] = monitoring.prometheus->configuration.value_or(default_exporter_config());
  if (data.empty()) return std::nullopt;
  return json::object{{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"metadata", json::object{{"name", config_name(app)},
                                                {"namespace", app.ns},
                                                {"labels", json::object{{label::created_by, "true"}}},
                                                {"ownerReferences", json::array{owner_reference(app)}}}},
                      {"data", std::move(data)}};
}

}  // namespace spoke::op
