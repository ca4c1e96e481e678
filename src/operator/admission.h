// The webhook's answers: defaults and validation of the three kinds, and what only a webhook can give executors.
// No I/O. Source of what is defaulted and denied: kubeflow/spark-operator's webhook, by whose paths it is asked; and
// what the controller would refuse later is denied at once.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/meta.h"
#include "operator/plan.h"

namespace spoke::op {

struct AdmissionOptions {
  PlanOptions plan;
  // The ResourceQuotas of a namespace; not set: quotas are not looked at.
  std::function<std::vector<const kube::Object*>(std::string_view ns)> quotas;
};

// "/mutate--v1-pod", "/validate-sparkoperator-k8s-io-v1beta2-sparkapplication", ...
std::vector<std::string> admission_paths();

// The AdmissionReview that answers another, posted to one of these paths. Throws kube::StatusError: 404 for another
// path, 400 for what is no review.
json::value review(std::string_view path, std::string_view body, const AdmissionOptions& options);

}  // namespace spoke::op
