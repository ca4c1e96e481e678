#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace spoke {

void fail_errno(const std::string& doing) {
  const int code = errno;
  const char* remedy = code == ENOSPC || code == EDQUOT ? ", the disk is full; free some space and try again" : "";
  throw Error(doing + ": " + std::generic_category().message(code) + remedy);
}

}  // namespace spoke
