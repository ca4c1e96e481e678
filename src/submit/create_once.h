// Making a driver's objects for a request that may come again, at any moment and by way of another replica: whoever
// finds the driver's pod goes on from there, and nobody takes back what another may have answered for.
#pragma once

#include <string>

#include "client/api.h"
#include "spark/driver.h"

namespace spoke::submit {

// On the driver's pod: which submission it is of.
inline constexpr std::string_view kSubmissionIdLabel = "sparkoperator.k8s.io/submission-id";

struct MadeOnce {
  kube::Object pod;    // as the API server has it
  bool found = false;  // it was there already
};

// The pod has the label; the same submission has the same names. Throws NotCreated: 503 where another try may do.
net::Task<MadeOnce> create_once(client::Api& api, spark::DriverObjects objects);

}  // namespace spoke::submit
