// spec.monitoring: Spark's metrics, and the exporter that shows them to Prometheus.
// Source: kubeflow/spark-operator v2.5.2, monitoring_config.go and sparkpod_defaulter.go.
#pragma once

#include <optional>

#include "operator/application.h"

namespace spoke::op {

// Brings it into the fields that it comes down to: properties, Java options, annotations, ports, and the mount of the
// ConfigMap below.
void use_monitoring(const Application& app, Spec& spec);

// <name>-prom-conf with what is not in the image, owned by the application. Nothing where all is there, or nothing is
// monitored.
std::optional<kube::Object> monitoring_config(const Application& app, const Spec& spec);

}  // namespace spoke::op
