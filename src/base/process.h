// Running another program and waiting for it. Blocks: call it from a thread for work (net/async.h, on_worker), not from
// the loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spoke {

struct Finished {
  int exit_code = 0;   // 128 + signal where a signal ended it
  std::string output;  // standard output
  std::string errors;  // standard error
};

// argv[0] is looked up on PATH. `input` goes to standard input; `environment` are entries NAME=VALUE, this process's
// own where it is not given. Throws Error where the program is not there.
Finished run(const std::vector<std::string>& argv, const std::string& input = "",
             const std::optional<std::vector<std::string>>& environment = std::nullopt);

// As run(), but a non-zero exit is an Error that quotes what the program said.
std::string run_or_fail(const std::vector<std::string>& argv, const std::string& input = "");

// What exec takes: pointers to each, and a null. Valid while `words` is.
std::vector<char*> c_strings(const std::vector<std::string>& words);

// The path of a program on PATH or in /usr/sbin and /sbin, or "".
std::string find_program(const std::string& name);

// A word for a shell, in which nothing is special.
std::string shell_quoted(std::string_view text);

}  // namespace spoke
