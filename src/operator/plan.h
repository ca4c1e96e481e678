// All that one attempt of an application makes, as values.
#pragma once

#include <string>
#include <vector>

#include "operator/application.h"
#include "operator/batch.h"
#include "operator/services.h"
#include "spark/submission.h"

namespace spoke::op {

struct PlanOptions {
  ServiceOptions services;
  SchedulerOptions schedulers;
  bool driver_budgets = true;  // spec.driverPodDisruptionBudget is acted upon
  bool webhook = false;        // there is one (operator/admission.h), and no need to warn of what only it can do
};

struct Plan {
  std::string app_id;                // spark.app.id
  kube::Object pod;                  // the driver, owned by the application
  std::vector<kube::Object> before;  // what must be there before the pod; owned by the application
  std::vector<kube::Object> owned;   // by the pod, once it is there: ConfigMaps, Secrets, Services, claims, policies
  // What belongs to the application, and has the same names in each attempt: Services, Ingresses, PodGroup. It is there
  // before the pod, and brought up to date where an attempt before has made it.
  std::vector<kube::Object> standing;
  DriverInfo web_ui;                  // names and port
  std::vector<std::string> warnings;  // what spark-submit would log
};

// The submission that kubeflow's operator would hand to spark-submit. status.submissionID and lastSubmissionAttemptTime
// decide all that is random, so the same attempt is always the same submission. Throws InvalidApplication.
spark::Submission submission_of(const Application& app, const Spec& spec);

// The owner reference that `owned` gets once the API server has answered with the driver pod.
json::value driver_reference(std::string_view pod_name, std::string_view pod_uid);

// Throws InvalidApplication and spark::InvalidConf (both are Error): the application cannot be submitted as it is.
Plan plan(const Application& app, const PlanOptions& options = {});

}  // namespace spoke::op
