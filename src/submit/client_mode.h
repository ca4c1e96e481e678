// Client mode: the driver is a JVM of this machine, run by the spark-submit of SPARK_HOME. What Kubernetes needs for
// it: executors must reach the driver.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/api.h"
#include "spark/conf.h"
#include "submit/surroundings.h"

namespace spoke::submit {

// "NAME" and "NAMESPACE" of spark.driver.host=NAME.NAMESPACE.svc[.…]; nothing for any other host.
struct ServiceName {
  std::string name, ns;
};
std::optional<ServiceName> driver_service_name(const spark::Conf& conf);

// A headless Service of that name for the pod, which owns it. Throws Error where the pod has no labels to be found by.
kube::Object driver_service(const ServiceName& name, const kube::Object& pod);

// Makes that Service where this is a pod of the same namespace and it is not there yet. Throws Error.
net::Task<> prepare_driver_service(client::Api& api, ServiceName name, std::string pod);

// What a person outside of the cluster should know; "" where spark.driver.host is set.
std::string hint_about_driver_host(const spark::Conf& conf, bool embedded_cluster);

}  // namespace spoke::submit
