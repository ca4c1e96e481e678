#include "cli/command.h"

// Each line is a command, defined as NAME_command in NAME's file.
#define SPOKE_COMMANDS(command)                                                                              \
  command(up) command(down) command(status) command(run) command(submit) command(connect) command(pipelines) \
      command(list) command(get) command(describe) command(logs) command(events) command(ui) command(kill)   \
          command(resume) command(delete) command(apply) command(image) command(operator) command(submitter) \
              command(install) command(help) command(completion) command(complete) command(version)

namespace spoke::cli {

#define SPOKE_DECLARE(name) extern const Command name##_command;
#define SPOKE_ENTRY(name) &name##_command,

SPOKE_COMMANDS(SPOKE_DECLARE)

std::span<const Command* const> commands() {
  static constexpr const Command* all[] = {SPOKE_COMMANDS(SPOKE_ENTRY)};
  return all;
}

const Command* find_command(std::string_view name) {
  for (const Command* command : commands())
    if (name == command->name) return command;
  return nullptr;
}

}  // namespace spoke::cli
