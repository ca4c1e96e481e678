#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/parser.h"
#include "cli/terminal.h"
#include "cli/text/nearest.h"
#include "cluster/node/node.h"

namespace spoke::cli {
namespace {

int refuse(const std::string& sentence, const std::string& where_to_look) {
  complain(sentence);
  complain("see `" + where_to_look + "`");
  return kUsage;
}

int unknown_command(std::string_view word) {
  std::vector<std::string> names;
  for (const Command* command : commands())
    if (*command->group != '\0') names.emplace_back(command->name);
  const auto meant = nearest(word, names);
  return refuse("there is no command \"" + std::string(word) + "\"" + (meant ? "; did you mean " + *meant + "?" : ""),
                "spoke --help");
}

// CLI11's own message, or a better one for an option that does not exist.
std::string explain(const CLI::ParseError& error, const CLI::App& app) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return error.what();
  const auto left_over = app.remaining(true);
  if (left_over.empty()) return error.what();
  const std::string& word = left_over.front();
  if (!word.starts_with('-')) return "unexpected argument \"" + word + "\"";
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  const auto meant = nearest(word.substr(0, word.find('=')), names);
  return "unknown option " + word + (meant ? "; did you mean " + *meant + "?" : "");
}

// CLI11 takes the word after `--name=` for its value.
std::vector<std::string> with_empty_values(const std::vector<std::string>& args) {
  std::vector<std::string> out;
  bool ours = true;  // what comes after -- is another program's
  for (const auto& word : args) {
    ours = ours && word != "--";
    const bool empty = ours && word.starts_with("--") && word.find('=') == word.size() - 1;
    out.push_back(empty ? word.substr(0, word.size() - 1) : word);
    if (empty) out.emplace_back();
  }
  return out;
}

int run_command(const Command& command, std::vector<std::string> args) {
  if (command.run_words != nullptr) {
    try {
      if (const auto code = command.run_words(args)) return *code;
    } catch (const UsageError& e) {
      return refuse(e.what(), std::string("spoke help ") + command.name);
    }
  }
  Parser parser = make_parser();
  CLI::App& app = *parser.app->get_subcommand(command.name);
  const std::string help = std::string("spoke help ") + command.name;
  try {
    args = with_empty_values(args);
    args.insert(args.begin(), command.name);
    std::reverse(args.begin(), args.end());  // CLI11 takes them from the back
    parser.app->parse(std::move(args));
    return parser.actions.at(&app)();
  } catch (const CLI::CallForHelp&) {
    const CLI::App* chosen = &app;
    while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
    print(chosen->help());
    return 0;
  } catch (const CLI::ParseError& e) {
    return refuse(explain(e, app), help);
  } catch (const UsageError& e) {
    return refuse(e.what(), help);
  }
}

int main(const std::vector<std::string>& args) {
  const std::string_view first = args.empty() ? "" : std::string_view(args[0]);
  if (first.empty()) {
    print(overview(use_colour(Stream::Out)));
    return args.empty() ? kUsage : unknown_command(first);
  }
  if (first == "-h" || first == "--help") return run_command(*find_command("help"), {});
  if (first == "-V" || first == "--version") return run_command(*find_command("version"), {});
  if (const Command* command = find_command(first)) return run_command(*command, {args.begin() + 1, args.end()});
  return unknown_command(first);
}

}  // namespace
}  // namespace spoke::cli

int main(int argc, char** argv) {
  // The parent of a container: it must stay small, and nothing else of this program may touch it.
  if (argc > 1 && std::string_view(argv[1]) == "monitor") return spoke::cluster::monitor_main(argc, argv);
  spoke::log::set_level(std::getenv("SPOKE_DEBUG") != nullptr ? spoke::log::Level::Debug : spoke::log::Level::Warn);
  try {
    return spoke::cli::main({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    spoke::cli::complain(e.what());
    return spoke::cli::kFailure;
  }
}
