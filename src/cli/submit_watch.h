// Waiting for a driver that was submitted, in the words of spark-submit.
#pragma once

#include <boost/asio/signal_set.hpp>
#include <string>

#include "base/time.h"
#include "cli/session.h"

namespace spoke::cli {

struct SubmittedDriver {
  client::Object pod;  // as it was created
  std::string ns;
  std::string app_name;
  std::string app_id;
  std::string submission_id;  // "namespace:pod"
  std::string executors;      // how many are wanted: "2", "1-5"
  Duration report_interval{};
  bool follow = false;           // its log goes to standard output
  bool spark_exit_code = false;  // 0, however it ended
};

// Until it has ended, is gone, or this process is asked to end. State lines go to standard error as spark-submit's
// LoggingPodStatusWatcher has them; on a terminal one line is kept up to date instead. Answers the driver's exit code.
// `signals` are SIGINT and SIGTERM: taken from before the driver was created, so that they find it whole.
net::Task<int> watch_driver(Session& session, SubmittedDriver driver, boost::asio::signal_set& signals);

// What to say of a driver that is no longer waited for.
std::string left_running(const std::string& submission_id);

// A line as spark-submit's log has it: "26/11/21 12:00:00 INFO Client: text".
std::string spark_log_line(std::string_view logger, std::string_view text);

}  // namespace spoke::cli
