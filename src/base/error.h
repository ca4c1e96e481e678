// Failures that a person reads. An error names the thing, the reason and, where there is one, the remedy, in one
// sentence.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace spoke {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// fail("{}: port {} is in use; choose another with --port", thing, port) throws Error.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

// "open /x/y: No such file or directory" from errno, as it stands when called.
[[noreturn]] void fail_errno(const std::string& doing);

}  // namespace spoke
