// `spoke describe`: all there is to know about an application, for people.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "kube/meta.h"

namespace spoke::cli {

struct Described {
  kube::Object app;
  std::vector<kube::Object> pods;
  std::vector<kube::Object> events;  // about the application and its driver
};

std::string describe(const Described& what, Time now, bool colour);

// The value, or "*********(redacted)" where the key says that it is a secret (spark.redaction.regex's default).
std::string redacted(std::string_view key, std::string_view value);

}  // namespace spoke::cli
