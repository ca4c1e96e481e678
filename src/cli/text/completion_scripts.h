// What `spoke completion SHELL` prints. The scripts know nothing of spoke's commands: they ask `spoke __complete`.
#pragma once

#include <optional>
#include <string_view>

namespace spoke::cli {

// The answer of `spoke __complete` that asks the shell for names of files.
constexpr std::string_view kCompleteFiles = ":file";

std::optional<std::string_view> completion_script(std::string_view shell);  // bash, zsh, fish

}  // namespace spoke::cli
