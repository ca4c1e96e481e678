// Which states an application passed, and how long each took, as seen by who followed it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace spoke::cli {

class Timeline {
 public:
  explicit Timeline(Time begun) : begun_(begun) {}

  // Whether it is another state than before.
  bool enter(std::string_view state, Time at);

  struct Step {
    std::string state;
    Time entered;
    Duration took;
  };
  // In order; the last one's time runs to `now`.
  std::vector<Step> steps(Time now) const;
  const std::string& state() const;  // "" before the first
  Duration total(Time now) const { return now - begun_; }

 private:
  Time begun_;
  std::vector<std::pair<std::string, Time>> entered_;
};

// "0.4s", "12.3s", "2m5s": finer than an age, since a start is a matter of seconds.
std::string short_duration(Duration d);

// The last words of `spoke run`: state and total time, then a line for each state that was passed.
std::string summary(std::string_view name, const Timeline& timeline, Time now, bool colour);

}  // namespace spoke::cli
