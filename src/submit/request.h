// A submission that another program sends over the network: a command line of spark-submit and pod templates, in JSON.
// Source: internal/controller/sparkapplication/rest_submission.go of kubeflow's operator, which sends them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/json.h"
#include "spark/driver.h"

namespace spoke::submit {

struct Request {
  std::string id;  // of the submission: who sends the same again gets the same driver. A label's value
  std::vector<std::string> args;
  std::optional<json::value> driver_template, executor_template;  // as podTemplateFile would name them
};

// The body is no request.
class BadRequest : public Error {
 public:
  using Error::Error;
};

// A pod template that cannot be one.
class BadTemplate : public Error {
 public:
  using Error::Error;
};

// Throws BadRequest.
Request parse_request(std::string_view body);

// What the request asks for. It comes from outside: nothing of this machine is read for it, no file and no variable,
// and nothing is fetched. The same request gives the same names. `spark_version` is for images whose tag says none; ""
// for the newest that is known. Throws BadTemplate, BadArguments, spark::InvalidConf or Error.
spark::DriverObjects build_request(const Request& request, Time now, const std::string& spark_version = "");

}  // namespace spoke::submit
