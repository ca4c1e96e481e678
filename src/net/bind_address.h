// Where to listen, as command lines have it.
#pragma once

#include <cstdint>
#include <string>

namespace spoke::net {

// "8080", ":8080", "127.0.0.1:8080", "[::1]:8080". Throws Error for anything else.
struct BindAddress {
  std::string address;  // "": all
  std::uint16_t port = 0;

  static BindAddress parse(const std::string& text);
  bool only_this_machine() const;  // a loopback's
};

}  // namespace spoke::net
