// The SparkApplication that makes the operator create what a submission would.
#pragma once

#include <string>
#include <vector>

#include "kube/meta.h"
#include "spark/submission.h"

namespace spoke::submit {

// Takes a submission as it is before spark-submit's rules. `warnings` names what a SparkApplication cannot say and is
// left out. Throws Error for what would be another application without it: files of the submitter's.
kube::Object as_application(const spark::Submission& submission, std::vector<std::string>& warnings);

}  // namespace spoke::submit
