// The help of spoke and its commands.
#pragma once

#include <string>

#include "cli/command.h"

namespace spoke::cli {

std::string help_of(const Command& command, const CLI::App& app, bool colour);
// One of a command's own commands ("spoke image load").
std::string help_of_subcommand(const CLI::App& app, bool colour);
std::string overview(bool colour);

}  // namespace spoke::cli
