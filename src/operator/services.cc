#include "operator/services.h"

#include <regex>

#include "base/strings.h"
#include "net/url.h"
#include "operator/ids.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

constexpr std::int64_t kDefaultPort = 4040;
constexpr const char* kClusterIp = "ClusterIP";

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

json::object labels_of(const Application& app) {
  return {{label::app_name, app.name}, {label::submission_id, app.status.submission_id}};
}

struct Port {
  std::string name;
  std::int64_t port, target;
};

kube::Object service(const Application& app, const std::string& name, const Port& port, const std::string& type,
                     const Texts& own_labels, const Texts& annotations) {
  json::object labels = own_labels.empty() ? labels_of(app) : to_object(own_labels);
  labels[label::created_by] = "true";
  json::object metadata{{"name", name},
                        {"namespace", app.ns},
                        {"labels", std::move(labels)},
                        {"ownerReferences", json::array{owner_reference(app)}}};
  if (!annotations.empty()) metadata["annotations"] = to_object(annotations);
  json::object entry{{"name", port.name}, {"port", port.port}, {"targetPort", port.target}};
  return json::object{
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata", std::move(metadata)},
      {"spec", json::object{{"type", type},
                            {"ports", json::array{std::move(entry)}},
                            {"selector", json::object{{label::app_name, app.name}, {label::role, "driver"}}}}}};
}

net::Url url_of(const std::string& format, const Application& app, const std::string& app_id) {
  std::string text = format;
  const auto put = [&text](const char* variable, const std::string& value) {
    text = std::regex_replace(text, std::regex(fmt::format(R"(\{{\{{\s*\${}\s*\}}\}})", variable)), value);
  };
  put("appName", app.name);
  put("appNamespace", app.ns);
  put("appId", app_id);
  if (text.starts_with('/')) return {.scheme = "http", .path = text};  // on every host
  if (text.find("://") == std::string::npos) text.insert(0, "http://");
  return net::parse_url(text);
}

bool has_path(const net::Url& url) { return !url.path.empty() && url.path != "/"; }

kube::Object ingress(const Application& app, const std::string& name, const net::Url& url, const std::string& service,
                     std::int64_t port, const Texts& own_annotations, const json::array& own_tls,
                     const ServiceOptions& options) {
  json::object annotations = to_object(own_annotations.empty() ? options.ingress_annotations : own_annotations);
  // Below a path, the rest of it goes to the driver: by the second group, in nginx's words.
  if (has_path(url)) annotations["nginx.ingress.kubernetes.io/rewrite-target"] = "/$2";
  json::object metadata{{"name", name},
                        {"namespace", app.ns},
                        {"labels", labels_of(app)},
                        {"ownerReferences", json::array{owner_reference(app)}}};
  if (!annotations.empty()) metadata["annotations"] = std::move(annotations);

  json::object path{
      {"pathType", "ImplementationSpecific"},
      {"backend",
       json::object{{"service", json::object{{"name", service}, {"port", json::object{{"number", port}}}}}}}};
  if (!url.path.empty()) path["path"] = has_path(url) ? url.path + "(/|$)(.*)" : url.path;
  json::object rule{{"http", json::object{{"paths", json::array{std::move(path)}}}}};
  if (!url.host.empty()) rule["host"] = url.host;
  json::object spec{{"rules", json::array{std::move(rule)}}};
  if (const json::array& tls = own_tls.empty() ? options.ingress_tls : own_tls; !tls.empty()) spec["tls"] = tls;
  if (!options.ingress_class_name.empty()) spec["ingressClassName"] = options.ingress_class_name;
  return json::object{{"apiVersion", "networking.k8s.io/v1"},
                      {"kind", "Ingress"},
                      {"metadata", std::move(metadata)},
                      {"spec", std::move(spec)}};
}

std::string text_of(const net::Url& url) { return fmt::format("{}://{}{}", url.scheme, url.authority(), url.path); }

void add_ui(Services& out, const Application& app, const Spec& spec, const std::string& app_id,
            const ServiceOptions& options) {
  const UiOptions ui = spec.ui.value_or(UiOptions{});
  // With sparkUIOptions but no port in them, kubeflow's Service is at 4040, wherever the UI is.
  const std::int64_t port = spec.ui ? ui.service_port.value_or(kDefaultPort) : ui_port(spec);
  const std::string name = suffixed_name(app.name, "ui-svc");
  out.objects.push_back(service(app, name, {ui.service_port_name.value_or("spark-driver-ui-port"), port, ui_port(spec)},
                                ui.service_type.value_or(kClusterIp), ui.service_labels, ui.service_annotations));
  out.web_ui.web_ui_service_name = name;
  out.web_ui.web_ui_port = static_cast<int>(port);
  if (options.ingress_url_format.empty()) return;
  const net::Url url = url_of(options.ingress_url_format, app, app_id);
  out.web_ui.web_ui_ingress_name = suffixed_name(app.name, "ui-ingress");
  out.web_ui.web_ui_ingress_address = text_of(url);
  out.objects.push_back(
      ingress(app, out.web_ui.web_ui_ingress_name, url, name, port, ui.ingress_annotations, ui.ingress_tls, options));
}

}  // namespace

Services services_of(const Application& app, const Spec& spec, const std::string& app_id,
                     const ServiceOptions& options) {
  Services out;
  if (options.ui_service) add_ui(out, app, spec, app_id, options);
  for (const auto& driver : spec.driver_ingresses) {
    const std::int64_t port = driver.service_port;
    const std::string name = fmt::format("{}-driver-{}", app.name, port);
    out.objects.push_back(
        service(app, name, {driver.service_port_name.value_or(fmt::format("driver-ing-{}", port)), port, port},
                driver.service_type.value_or(kClusterIp), driver.service_labels, driver.service_annotations));
    if (driver.url_format.empty()) continue;
    try {
      out.objects.push_back(ingress(app, fmt::format("{}-ing-{}", app.name, port),
                                    url_of(driver.url_format, app, app_id), name, port, driver.ingress_annotations,
                                    driver.ingress_tls, options));
    } catch (const InvalidApplication&) {
      throw;
    } catch (const Error& e) {
      throw InvalidApplication("spec.driverIngressOptions.ingressURLFormat", e.what());
    }
  }
  return out;
}

void set_ui_path(const Application& app, Spec& spec, const std::string& app_id, const ServiceOptions& options) {
  if (!options.ui_service || options.ingress_url_format.empty()) return;
  const net::Url url = url_of(options.ingress_url_format, app, app_id);
  if (url.path.empty()) return;
  spec.spark_conf.try_emplace("spark.ui.proxyBase", url.path);
  spec.spark_conf.try_emplace("spark.ui.proxyRedirectUri", "/");
}

}  // namespace spoke::op
