// POST /api/v1/spark-submit: makes the driver of a submission that comes over HTTP, as kubeflow's operator sends them
// with its feature RestSubmitter. It keeps nothing: the API server alone knows what was submitted. Source:
// internal/controller/sparkapplication/rest_submission.go of that operator.
#pragma once

#include <cstddef>
#include <string>

#include "client/api.h"
#include "net/http_server.h"

namespace spoke::submit {

struct ServiceOptions {
  size_t at_a_time = 64;      // beyond so many submissions under way it answers that it is overloaded
  std::string spark_version;  // of images whose tag says none; "": the newest that is known
};

class SubmitService {
 public:
  SubmitService(client::Api& api, ServiceOptions options) : api_(api), options_(std::move(options)) {}

  // 201 with the driver; 200 where this submission has it already; else an error's code and sentence. GET /healthz and
  // /readyz: 200.
  net::Task<> answer(net::Exchange& exchange);

  // Takes no more submissions; returns when those under way are done, or have taken too long.
  net::Task<> end();

 private:
  net::Task<net::Response> submit(std::string body);

  client::Api& api_;
  ServiceOptions options_;
  size_t under_way_ = 0;
  bool ending_ = false;
};

}  // namespace spoke::submit
