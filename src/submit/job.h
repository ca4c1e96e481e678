// A submission with all that its arguments and properties refer to, read from where it is.
// Source: SparkSubmit.prepareSubmitEnvironment (Spark 3.5 to 4.3).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "spark/submission.h"
#include "submit/arguments.h"
#include "submit/settings.h"
#include "submit/surroundings.h"

namespace spoke::submit {

// Fetches a file that is not the submitter's own, such as a pod template behind https:. Throws Error.
using Fetch = std::function<std::string(const std::string& uri)>;

// Properties that name a file whose content becomes part of the objects, and those that list the application's files.
std::span<const std::string_view> file_properties();
std::span<const std::string_view> list_properties();

// In cluster mode, where settings.master is set. Uploads are yet to be made. Throws BadArguments, spark::InvalidConf or
// Error.
spark::Submission read_submission(const Arguments& arguments, const Settings& settings, const Surroundings& around,
                                  const Fetch& fetch);

}  // namespace spoke::submit
