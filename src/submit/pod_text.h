// A driver's pod in the words of spark-submit, which people and programs (Airflow's, Livy's) read.
// Source: KubernetesUtils.formatPodState and containersDescription (Spark 3.5 to 4.3).
#pragma once

#include <string>

#include "kube/meta.h"

namespace spoke::submit {

// "\n\t pod name: pi-driver\n\t namespace: default…": all of its lines, without a line end after the last.
std::string describe_pod(const kube::Object& pod);

// "\n\t container name: …\n\t container image: …": of all its containers, an empty line between.
std::string describe_containers(const kube::Object& pod);

std::string phase(const kube::Object& pod);  // "unknown" where it has none
bool has_ended(const kube::Object& pod);     // Succeeded or Failed

}  // namespace spoke::submit
