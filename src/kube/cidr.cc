#include "kube/cidr.h"

#include <arpa/inet.h>

#include <string>

#include "base/strings.h"

namespace spoke::kube {
namespace {

// Bytes of the address's family, or 0 where it is none.
int read(std::string_view text, std::array<unsigned char, 16>& out) {
  const std::string copy(text);
  if (::inet_pton(AF_INET, copy.c_str(), out.data()) == 1) return 4;
  if (::inet_pton(AF_INET6, copy.c_str(), out.data()) == 1) return 16;
  return 0;
}

}  // namespace

bool is_ip(std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  return read(text, bytes) != 0;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  Cidr out;
  out.bytes_ = read(text.substr(0, slash), out.address_);
  const auto prefix = to_int(text.substr(slash + 1));
  if (out.bytes_ == 0 || !prefix || *prefix < 0 || *prefix > out.bytes_ * 8) return std::nullopt;
  out.prefix_ = static_cast<int>(*prefix);
  return out;
}

bool Cidr::strictly_contains(const Cidr& other) const {
  if (bytes_ != other.bytes_ || prefix_ >= other.prefix_) return false;
  for (int bit = 0; bit < prefix_; ++bit) {
    const auto at = static_cast<size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if (((address_[at] ^ other.address_[at]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace spoke::kube
