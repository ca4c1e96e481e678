// All that one attempt of an application makes, as values.
#pragma once

#include <string>
#include <vector>

#include "operator/application.h"
#include "spark/submission.h"

namespace spoke::op {

struct Plan {
  std::string app_id;                 // spark.app.id
  kube::Object pod;                   // the driver, owned by the application
  std::vector<kube::Object> mounted;  // what the pod mounts: ConfigMaps, Secrets; owned by the application at first
  std::vector<kube::Object>
      others;               // what belongs to the pod besides: Services, claims, policies; without an owner yet
  kube::Object ui_service;  // owned by the application
  std::vector<std::string> warnings;  // what spark-submit would log
};

// The submission that kubeflow's operator would hand to spark-submit. status.submissionID and lastSubmissionAttemptTime
// decide all that is random, so the same attempt is always the same submission. Throws InvalidApplication.
spark::Submission submission_of(const Application& app, const Spec& spec);

// The owner reference that `mounted` and `others` get once the API server has answered with the driver pod.
json::value driver_reference(const kube::Object& pod);

// Throws InvalidApplication and spark::InvalidConf (both are Error): the application cannot be submitted as it is.
Plan plan(const Application& app);

}  // namespace spoke::op
