// The operator: watches applications and their pods, decides (operator/decide.h), and does what was decided.
//
// It looks at an application when the application or one of its pods has changed, at all that there is then: nothing
// depends on having seen every event. Status is written as a patch of what has changed, with the resourceVersion that
// was read as a precondition; on a conflict the application is looked at again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/api.h"
#include "operator/decide.h"
#include "operator/scheduled.h"

namespace spoke::op {

struct OperatorOptions {
  std::vector<std::string> namespaces;     // whose applications; empty: all
  size_t workers = 32;                     // applications under way at a time; each mostly waits for the API server
  std::string instance = "spoke";          // who of several operators this is, in events
  bool install_crds = true;                // at the start; where that is forbidden they are taken to be there
  Precision run_names = Precision::Nanos;  // of the time in the name of a schedule's run
  Settings settings;
};

class Operator {
 public:
  Operator(client::Api& api, OperatorOptions options) : api_(api), options_(std::move(options)) {}

  net::Task<> run();  // until cancelled

 private:
  client::Api& api_;
  OperatorOptions options_;
};

}  // namespace spoke::op
