#include "client/backoff.h"

#include <algorithm>
#include <random>

namespace spoke::client {

std::chrono::milliseconds Backoff::next() {
  step_ = std::min(longest_, step_.count() == 0 ? first_ : step_ * 2);
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::chrono::milliseconds::rep>(step_.count() / 2, step_.count())(random));
}

}  // namespace spoke::client
