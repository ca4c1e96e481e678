// Which pods stand behind a Service, as Endpoints and EndpointSlices: a function of the Service and the pods it
// selects.
#pragma once

#include <vector>

#include "kube/meta.h"

namespace spoke::cluster {

struct ServiceEndpoints {
  kube::Object endpoints;
  std::vector<kube::Object> slices;  // one for each set of port numbers
};

ServiceEndpoints endpoints_of(const kube::Object& service, const std::vector<const kube::Object*>& pods);

}  // namespace spoke::cluster
