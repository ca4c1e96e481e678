// A command of spoke: one file that defines `NAME_command`, one line in commands.cc.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace CLI {
class App;
}

namespace spoke::cli {

// What to do once the command line is read; answers the exit code. Error, StatusError and ConnectionError that leave it
// are printed as `spoke: <sentence>`, and the exit code is 1.
using Action = std::function<int()>;

struct Command {
  const char* name;
  const char* group;       // the heading it stands under in `spoke --help`; "": it is not listed
  const char* summary;     // half a sentence, without a full stop
  const char* details;     // what its help says before the options: paragraphs, "\n\n" between them
  const char* examples;    // lines "spoke run pi.yaml    # and what that does"
  const char* exit_codes;  // lines "3 what it means", beside the common ones; mostly ""
  // Adds options to the command's own parser, and answers what to do. A command with commands of its own adds these as
  // subcommands and looks which was taken.
  Action (*set_up)(CLI::App& app);
  // For a command that reads words itself; what set_up adds for them is for help and completion alone. Answers the exit
  // code, or nothing where the words, as it leaves them, are to be read in the ordinary way after all.
  std::optional<int> (*run_words)(std::vector<std::string>& words) = nullptr;
};

std::span<const Command* const> commands();          // in the order of `spoke --help`
const Command* find_command(std::string_view name);  // null where there is none

// A command line that was read, but makes no sense: exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr int kInterrupted = 130;  // 128 + SIGINT, as shells count

}  // namespace spoke::cli
