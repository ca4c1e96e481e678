#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace spoke {

void fail_errno(const std::string& doing) {
  throw Error(doing + ": " + std::generic_category().message(errno));
}

}  // namespace spoke
