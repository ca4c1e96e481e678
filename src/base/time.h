// Wall-clock time as Kubernetes writes it. Pure code takes the time as a parameter; only edges call now().
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace spoke {

using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

Time now();
std::string rfc3339(Time t);                               // "2026-03-01T12:00:00Z", seconds (metav1.Time)
std::string rfc3339_micro(Time t);                         // "2026-03-01T12:00:00.000000Z" (metav1.MicroTime)
std::string rfc3339_nano(Time t);                          // "2026-03-01T12:00:00.000000000Z" (container log lines)
std::optional<Time> parse_rfc3339(std::string_view text);  // any fraction, Z or offset; nothing where malformed

// "5s", "3m7s", "2d4h": an age as kubectl prints it (duration.HumanDuration).
std::string human_duration(Duration d);
std::optional<Duration> parse_duration(
    std::string_view text);  // "90s", "1h30m", "1.5h"; nothing where it is none, or more than a century

}  // namespace spoke
