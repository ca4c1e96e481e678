// Pauses between tries: doubling, bounded, and uneven so that many clients do not come back at once.
#pragma once

#include <chrono>

namespace spoke::client {

class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest) : first_(first), longest_(longest) {}

  // The pause before the next try: between half of the step and the whole of it.
  std::chrono::milliseconds next();
  void reset() { step_ = std::chrono::milliseconds(0); }

 private:
  std::chrono::milliseconds first_, longest_;
  std::chrono::milliseconds step_{0};
};

}  // namespace spoke::client
