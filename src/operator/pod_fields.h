// The fields of driver and executor for which Spark has no property. kubeflow's operator has a webhook write them into
// pods as they are created; here they are in the driver pod from the start, and for executors in the pod template that
// the driver makes them from.
// Source: kubeflow/spark-operator v2.5.2, sparkpod_defaulter.go.
#pragma once

#include <string_view>

#include "operator/application.h"

namespace spoke::op {

// Writes the fields of `pod` (spec.driver or spec.executor) into a pod. `container` is the name of the Spark container;
// where none is called so it is the first one, and a pod without containers gets one. Throws InvalidApplication.
void write_fields(json::value& document, const Spec& spec, const PodSpec& pod, std::string_view container);

// The template from which the driver makes executors: spec.executor.template with the fields above, and the application
// as an owner that is no controller, by which others (Kueue) see whose they are.
json::value executor_template(const Application& app, const Spec& spec);

// The template that the driver starts from: spec.driver.template, owned by the application. The fields are written into
// the finished pod, over what Spark decided.
json::value driver_template(const Application& app, const Spec& spec);

}  // namespace spoke::op
