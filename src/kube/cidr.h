// IP addresses and ranges as texts: "10.0.0.0/8", "2001:db8::/64".
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace spoke::kube {

bool is_ip(std::string_view text);  // of either family

class Cidr {
 public:
  static std::optional<Cidr> parse(std::string_view text);
  // Whether all of `other` lies in it, and not all of it in `other`.
  bool strictly_contains(const Cidr& other) const;

 private:
  std::array<unsigned char, 16> address_{};
  int bytes_ = 4;  // of the address
  int prefix_ = 0;
};

}  // namespace spoke::kube
