// Services and Ingresses before the driver: of its web UI, and of the ports in spec.driverIngressOptions.
// Source: kubeflow/spark-operator v2.5.2, web_ui.go and driveringress.go.
#pragma once

#include <string>
#include <vector>

#include "operator/application.h"

namespace spoke::op {

struct ServiceOptions {
  bool ui_service = true;
  std::string ingress_url_format;  // of the UI's Ingress; "": none. {{$appName}}, {{$appNamespace}} and {{$appId}}
  std::string ingress_class_name;
  // Of Ingresses that have none of their own.
  json::array ingress_tls;
  Texts ingress_annotations;
};

struct Services {
  std::vector<kube::Object> objects;  // owned by the application
  DriverInfo web_ui;                  // names and port; webUIAddress needs the Service's cluster IP
};

// `app_id` is spark.app.id. Throws InvalidApplication.
Services services_of(const Application& app, const Spec& spec, const std::string& app_id,
                     const ServiceOptions& options);

// What the UI must know of an Ingress that gives it a path (spark.ui.proxyBase). The same in `spec` stands.
void set_ui_path(const Application& app, Spec& spec, const std::string& app_id, const ServiceOptions& options);

}  // namespace spoke::op
