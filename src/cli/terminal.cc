#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "cli/text/style.h"

namespace spoke::cli {

bool is_terminal(Stream stream) { return ::isatty(static_cast<int>(stream)) == 1; }

bool use_colour(Stream stream) {
  const char* off = std::getenv("NO_COLOR");
  if (off != nullptr && *off != '\0') return false;
  const char* kind = std::getenv("TERM");
  return kind != nullptr && std::string_view(kind) != "dumb" && is_terminal(stream);
}

size_t terminal_width(Stream stream) {
  winsize size{};
  if (::ioctl(static_cast<int>(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    fail_errno("write to standard output");
}

void print_error(std::string_view text) { std::fputs(printable_lines(text).c_str(), stderr); }

void complain(std::string_view text) {
  const std::string line = paint(Style::Bad, "spoke:", use_colour(Stream::Error)) + " " + printable(text) + "\n";
  std::fputs(line.c_str(), stderr);
}

}  // namespace spoke::cli
