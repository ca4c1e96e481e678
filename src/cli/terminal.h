// What the program's own input and output are connected to.
#pragma once

#include <cstddef>
#include <string_view>

namespace spoke::cli {

enum class Stream { In = 0, Out = 1, Error = 2 };

bool is_terminal(Stream stream);
// Whether to colour what goes there: on a terminal that can, unless NO_COLOR is set (no-color.org).
bool use_colour(Stream stream);
size_t terminal_width(Stream stream);  // 80 where it is not known

// All of it to standard output. Throws Error where that fails (a full disk).
void print(std::string_view text);
// Lines to standard error, as they are but for what a terminal takes for commands.
void print_error(std::string_view text);
// A line to standard error: "spoke: text".
void complain(std::string_view text);

}  // namespace spoke::cli
