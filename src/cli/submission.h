// From a command line of spark-submit's to a driver on the cluster: what `spoke submit` shares with the commands that
// submit something of their own.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/session.h"
#include "spark/driver.h"
#include "submit/arguments.h"
#include "submit/settings.h"
#include "submit/surroundings.h"

namespace spoke::cli {

// What differs from a plain submission.
struct Variant {
  std::function<void(spark::Submission&)> adapt = nullptr;      // before the driver is built of it
  std::function<void(spark::DriverObjects&)> extend = nullptr;  // before it is created
  // In place of create_and_watch.
  std::function<net::Task<int>(Session&, spark::DriverObjects)> create = nullptr;
};

// What is read before a submission whose driver is a pod by its nature.
struct PodSubmission {
  submit::Surroundings around;
  submit::Settings settings;
  client::Target target;  // whose namespace counts where no property names one
};
// Sets the arguments to cluster mode. Tells choices and warnings. Throws as with_submit_errors expects.
PodSubmission read_pod_submission(submit::Arguments& arguments);

bool has_help_flag(const std::vector<std::string>& words);

// In cluster mode; --dry-run and --as-application print. Answers the exit code. Throws as with_submit_errors expects.
int submit_to_cluster(const submit::Arguments& arguments, submit::Settings settings, const submit::Surroundings& around,
                      const Variant& variant);

// Runs `work`, and says what a submission may throw in the words of spark-submit; `command` "submit" has the help.
int with_submit_errors(const std::string& command, const std::function<int()>& work);

// With --verbose: what was read from where.
void tell_choices(const submit::Arguments& arguments, const submit::Settings& settings);

// All options of spark-submit and of `spoke submit`, for help and completion.
void add_submit_options(CLI::App& app);

}  // namespace spoke::cli
