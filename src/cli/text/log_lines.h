// A container's log over several connections: read with `timestamps=true`, so that after a broken connection it goes on
// where it left off, no line lost and none shown twice.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace spoke::cli {

class LogLines {
 public:
  // Bytes as they come. Answers the whole lines in them that were not seen before, without their timestamps.
  std::string add(std::string_view bytes);
  // The log is complete: answers what stands after its last line end.
  std::string finish();
  // The connection has broken off; another follows. Half a line is forgotten: it comes again whole.
  void resume();
  // From when on to ask for with `sinceTime`; "" at first. Lines of that second come again and are dropped by add().
  std::string since() const;

 private:
  void take(std::string& out, std::string_view line, bool whole);

  std::string partial_;
  std::optional<Time> last_;  // of the newest line that was shown
  size_t shown_at_last_ = 0;  // how many lines had that very time
  size_t repeated_ = 0;       // how many of these this connection has brought again
  bool resumed_ = false;      // whether this connection is not the first
};

// Each line with "[name] " before it, for several applications' logs in one stream.
std::string prefix_lines(std::string_view text, std::string_view prefix);

}  // namespace spoke::cli
