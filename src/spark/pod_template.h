// Pod templates: a pod from which Spark's begins.
// Source: KubernetesUtils.loadPodFromTemplate and selectSparkContainer (Spark 3.5 to 4.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"
#include "kube/meta.h"

namespace spoke::spark {

// A pod, and apart from it the one of its containers that runs Spark.
struct SparkPod {
  kube::Object pod;
  json::value container;
};

// An empty pod and an empty container.
SparkPod empty_spark_pod();

// The pod in a template's YAML or JSON. Spark's container is the one called `container_name`, or the first where none
// is (with a warning) or no name is given, or a new one where there are no containers. As in Spark, numbers and
// booleans are taken as text where Kubernetes wants text, and null members do not count. Throws Error with the reason
// where the text is no pod with a spec.
SparkPod load_pod_template(std::string_view text, const std::optional<std::string>& container_name,
                           std::vector<std::string>& warnings);

}  // namespace spoke::spark
