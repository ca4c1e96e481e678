#include "cli/transfer_line.h"

#include <fmt/format.h>

#include <algorithm>

namespace spoke::cli {

std::function<void(std::int64_t, std::int64_t)> TransferLine::told() {
  if (what_.empty() || !screen_.interactive()) return nullptr;
  return [this](std::int64_t done, std::int64_t total) {
    const auto now = std::chrono::steady_clock::now();
    if (now - drawn_ < std::chrono::milliseconds(100) && done < total) return;
    drawn_ = now;
    const double seconds = std::max(std::chrono::duration<double>(now - begun_).count(), 0.001);
    constexpr double kMega = 1e6;
    const auto share = total > 0 ? std::clamp<std::int64_t>(done * 100 / total, 0, 100) : 100;
    screen_.progress(fmt::format("{}  {}%  {:.1f} of {:.1f} MB  {:.1f} MB/s", what_, share,
                                 static_cast<double>(done) / kMega, static_cast<double>(total) / kMega,
                                 static_cast<double>(done) / kMega / seconds));
  };
}

}  // namespace spoke::cli
