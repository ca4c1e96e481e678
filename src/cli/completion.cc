#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/terminal.h"
#include "cli/text/completion_scripts.h"

namespace spoke::cli {
namespace {

int print_script(const std::string& shell) {
  const auto script = completion_script(shell);
  if (!script) throw UsageError("there is no completion for \"" + shell + "\"; there is for bash, zsh and fish");
  print(*script);
  return 0;
}

Action set_up(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "whose completion")->required()->type_name("bash|zsh|fish");
  return [shell] { return print_script(*shell); };
}

}  // namespace

extern const Command completion_command{
    .name = "completion",
    .group = "About spoke",
    .summary = "print a script that makes a shell complete spoke's commands",
    .details = "It completes commands and options, and asks the cluster for names of applications and namespaces.",
    .examples =
        "source <(spoke completion bash)                                     # for this shell\n"
        "spoke completion bash > ~/.local/share/bash-completion/completions/spoke\n"
        "spoke completion zsh > \"${fpath[1]}/_spoke\"\n"
        "spoke completion fish > ~/.config/fish/completions/spoke.fish",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
