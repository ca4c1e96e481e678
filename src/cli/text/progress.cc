#include "cli/text/progress.h"

#include <fmt/format.h>

#include "cli/text/style.h"

namespace spoke::cli {
namespace {

std::string elapsed(Duration d) { return human_duration(std::chrono::floor<std::chrono::seconds>(d)); }

}  // namespace

std::string progress_line(const std::vector<Progress>& all, size_t cells, bool colour) {
  std::string plain, painted;
  const auto add = [&](std::string_view text, Style style = Style::Plain) {
    // What does not fit any more is left out: a line that wraps could not be taken back.
    const size_t room = cells - std::min(cells, width(plain));
    const std::string part = shorten(printable(text), room);
    plain += part;
    painted += paint(style, part, colour);
  };
  for (const auto& p : all) {
    if (!plain.empty()) add("   ");
    add(p.name, Style::Strong);
    add("  ");
    add(p.state, style_of_state(p.state));
    add(fmt::format("  executors {}/{}  {}", p.running, p.wanted, elapsed(p.elapsed)));
    if (!p.trouble.empty()) add("  " + p.trouble, Style::Bad);
  }
  return painted;
}

}  // namespace spoke::cli
