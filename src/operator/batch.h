// Batch schedulers, which start the pods of an application together or not at all: Volcano, YuniKorn, and those of
// kubernetes-sigs/scheduler-plugins.
// Source: kubeflow/spark-operator v2.5.2, internal/scheduler; minResources is what the pods will really ask for, where
// kubeflow's takes Java's "512m" for half a byte.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operator/application.h"
#include "spark/conf.h"
#include "spark/versions.h"

namespace spoke::op {

struct SchedulerOptions {
  bool enabled = true;                       // where not, pods get the scheduler's name alone
  std::string otherwise;                     // of applications that name none; "": the cluster's own
  std::vector<std::string> kube_schedulers;  // names under which scheduler-plugins' coscheduling runs
};

// Whether there is anything for use_batch_scheduler to do.
bool has_batch_scheduler(const Spec& spec, const SchedulerOptions& options);

// Brings it into the fields that it comes down to. `conf` is what is submitted. Answers the PodGroup, owned by the
// application, where the scheduler wants one. Throws InvalidApplication.
std::optional<kube::Object> use_batch_scheduler(const Application& app, Spec& spec, const spark::Conf& conf,
                                                const spark::Rules& rules, const SchedulerOptions& options);

// The PodGroup's {apiVersion, kind, name}; nothing where the application has none.
struct PodGroupName {
  std::string api_version, name;
};
std::optional<PodGroupName> pod_group_of(const Application& app, const SchedulerOptions& options);

}  // namespace spoke::op
