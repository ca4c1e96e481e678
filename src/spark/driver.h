// From a submission to the objects that spark-submit would create on Kubernetes.
#pragma once

#include <string>
#include <vector>

#include "kube/meta.h"
#include "spark/submission.h"

namespace spoke::spark {

// What is created, in this order: pre_resources, pod, then (owned by the pod) resources and config_map, the last two by
// server-side apply. Objects without metadata.namespace go into `ns`, as spark-submit sends them.
struct DriverObjects {
  std::string ns;
  std::string app_id;
  std::vector<kube::Object> pre_resources;
  kube::Object pod;
  std::vector<kube::Object> resources;
  kube::Object config_map;
  Properties properties;              // what the driver is configured with: config_map's spark.properties
  std::vector<std::string> warnings;  // what spark-submit would log

  std::string submission_id() const;  // "namespace:pod", for --kill and --status
};

// The submission as the user made it: spark-submit's rules are applied here. Throws InvalidConf or Error.
DriverObjects build_driver(const Submission& submission);

// Makes the pod, as the API server returned it, the owner of all other objects.
void own(DriverObjects& objects, const kube::Object& pod);

}  // namespace spoke::spark
