// The runs of each schedule, by their labels.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "operator/scheduled.h"

namespace spoke::op {

class RunIndex {
 public:
  // As an informer of applications tells of changes. Answers the key of the schedule whose runs have changed, or "".
  std::string update(const kube::Object* before, const kube::Object* after);

  std::vector<Run> runs_of(const std::string& schedule) const;  // "namespace/name"

 private:
  std::map<std::string, std::map<std::string, Run>> runs_;  // by schedule, by name
};

}  // namespace spoke::op
