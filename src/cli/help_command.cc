#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/parser.h"
#include "cli/terminal.h"
#include "cli/text/nearest.h"

namespace spoke::cli {
namespace {

int show(const std::string& name) {
  const bool colour = use_colour(Stream::Out);
  if (name.empty()) {
    print(overview(colour));
    return 0;
  }
  const Command* command = find_command(name);
  if (command == nullptr) {
    std::vector<std::string> names;
    for (const Command* known : commands()) names.emplace_back(known->name);
    const auto meant = nearest(name, names);
    throw UsageError("there is no command \"" + name + "\"" + (meant ? "; did you mean " + *meant + "?" : ""));
  }
  const Parser parser = make_parser();
  print(help_of(*command, *parser.app->get_subcommand(name), colour));
  return 0;
}

Action set_up(CLI::App& app) {
  const auto name = std::make_shared<std::string>();
  app.add_option("COMMAND", *name, "the command; without it, all of them")->type_name("COMMAND");
  return [name] { return show(*name); };
}

}  // namespace

extern const Command help_command{
    .name = "help",
    .group = "About spoke",
    .summary = "show help, of all commands or of one",
    .details = "",
    .examples = "spoke help\nspoke help run",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
