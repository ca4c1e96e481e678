// --kill and --status: what becomes of drivers that were submitted.
// Source: K8sSubmitOps (Spark 3.5 to 4.3).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "client/api.h"

namespace spoke::submit {

struct SubmissionId {
  std::string ns;    // "" where it names none
  std::string name;  // of the driver's pod; with `glob`, what it begins with
  bool glob = false;
};

// "[namespace:]name", where the name may end in `*`. Throws Error where there is no name.
SubmissionId parse_submission_id(std::string_view text);

using Say = std::function<void(const std::string& line)>;

struct Asked {
  SubmissionId id;
  std::string text;    // as it was given
  std::string master;  // for the first line
  std::string ns;      // where the id names none
};

// Throws StatusError.
net::Task<> kill(client::Api& api, Asked asked, std::optional<long> grace_period, Say say);
net::Task<> status(client::Api& api, Asked asked, Say say);

}  // namespace spoke::submit
