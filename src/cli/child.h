// Another program in the foreground, on this one's terminal.
#pragma once

#include <boost/asio/signal_set.hpp>
#include <string>
#include <utility>
#include <vector>

#include "net/task.h"

namespace spoke::cli {

// Runs argv (argv[0] is looked up on PATH) with these variables over this process's own, and answers its exit code
// (128 + signal where a signal ended it). SIGTERM is handed on to it; SIGINT it gets from the terminal. `signals` are
// both. Throws Error where the program is not there.
net::Task<int> run_child(std::vector<std::string> argv, std::vector<std::pair<std::string, std::string>> variables,
                         boost::asio::signal_set& signals);

}  // namespace spoke::cli
