#include "cli/text/timeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/text/style.h"

namespace spoke::cli {

bool Timeline::enter(std::string_view state, Time at) {
  if (!entered_.empty() && entered_.back().first == state) return false;
  entered_.emplace_back(state, at);
  return true;
}

const std::string& Timeline::state() const {
  static const std::string none;
  return entered_.empty() ? none : entered_.back().first;
}

std::vector<Timeline::Step> Timeline::steps(Time now) const {
  std::vector<Step> out;
  for (size_t i = 0; i < entered_.size(); ++i) {
    const Time end = i + 1 < entered_.size() ? entered_[i + 1].second : now;
    out.push_back({entered_[i].first, entered_[i].second, end - entered_[i].second});
  }
  return out;
}

std::string short_duration(Duration d) {
  const double seconds = std::max(0.0, std::chrono::duration<double>(d).count());
  // Below what rounds to a full minute.
  return seconds < 59.95 ? fmt::format("{:.1f}s", seconds) : human_duration(d);
}

std::string summary(std::string_view name, const Timeline& timeline, Time now, bool colour) {
  const auto steps = timeline.steps(now);
  std::string out = fmt::format("{}: {} after {}\n", printable(name),
                                paint(style_of_state(timeline.state()), timeline.state(), colour),
                                short_duration(timeline.total(now)));
  if (steps.size() < 2) return out;
  size_t widest = 0;
  for (const auto& step : steps) widest = std::max(widest, step.state.size());
  // The last state is where it stands, and takes no time.
  for (auto it = steps.begin(); it != steps.end() - 1; ++it)
    out += fmt::format("  {:<{}}  {:>7}\n", it->state, widest, short_duration(it->took));
  return out;
}

}  // namespace spoke::cli
