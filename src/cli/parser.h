// The command line as a whole: a parser with all commands in it.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>

#include "cli/command.h"

namespace spoke::cli {

struct Parser {
  std::unique_ptr<CLI::App> app;
  std::map<const CLI::App*, Action> actions;  // of the commands, by their parser
};

Parser make_parser();

}  // namespace spoke::cli
