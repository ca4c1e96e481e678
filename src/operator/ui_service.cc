#include "operator/ui_service.h"

#include "base/strings.h"
#include "operator/ids.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

constexpr std::int64_t kDefaultPort = 4040;

// spark.ui.port of sparkConf alone; sparkConfigMap is not looked into.
std::int64_t ui_port(const Spec& spec) {
  const auto port = spec.spark_conf.find("spark.ui.port");
  return port == spec.spark_conf.end() ? kDefaultPort : to_int(port->second).value_or(kDefaultPort);
}

json::object to_object(const Texts& texts) {
  json::object out;
  for (const auto& [name, value] : texts) out[name] = value;
  return out;
}

}  // namespace

kube::Object ui_service(const Application& app, const Spec& spec) {
  const UiOptions options = spec.ui.value_or(UiOptions{});
  json::object labels{{label::app_name, app.name}, {label::submission_id, app.status.submission_id}};
  if (!options.service_labels.empty()) labels = to_object(options.service_labels);
  labels[label::created_by] = "true";

  json::object metadata{{"name", suffixed_name(app.name, "ui-svc")},
                        {"namespace", app.ns},
                        {"labels", std::move(labels)},
                        {"ownerReferences", json::array{owner_reference(app)}}};
  if (!options.service_annotations.empty()) metadata["annotations"] = to_object(options.service_annotations);

  // With sparkUIOptions but no port in them, kubeflow's Service is at 4040, wherever the UI is.
  const std::int64_t port = spec.ui ? options.service_port.value_or(kDefaultPort) : ui_port(spec);
  json::object entry{{"name", options.service_port_name.value_or("spark-driver-ui-port")},
                     {"port", port},
                     {"targetPort", ui_port(spec)}};
  return json::object{
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata", std::move(metadata)},
      {"spec", json::object{{"type", options.service_type.value_or("ClusterIP")},
                            {"ports", json::array{std::move(entry)}},
                            {"selector", json::object{{label::app_name, app.name}, {label::role, "driver"}}}}}};
}

}  // namespace spoke::op
