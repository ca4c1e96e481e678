// The Service `<application>-ui-svc`, by which people reach the driver's web UI.
// Source: kubeflow/spark-operator v2.5.2, web_ui.go and driveringress.go.
#pragma once

#include "operator/application.h"

namespace spoke::op {

// Owned by the application, so that it outlives the driver.
kube::Object ui_service(const Application& app, const Spec& spec);

}  // namespace spoke::op
