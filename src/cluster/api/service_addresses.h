// The addresses and node ports of Services: who has which. Source: pkg/registry/core/service/{storage,portallocator}.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

#include "cluster/api/resource_type.h"

namespace spoke::cluster {

class ServiceAddresses {
 public:
  // `network` "10.86.0.0/16".
  explicit ServiceAddresses(std::string_view network);

  void take(const Object& service);  // as it stands
  void release(const Object& service);

  // Gives `service` what it asks for, or what its type needs, in place of what `before` had (null: a new one). Throws
  // StatusError Invalid where it cannot be had.
  void allocate(const Object* before, Object& service);

 private:
  void choose_address(Object& service, const Object* before);
  void choose_ports(Object& service, const Object* before);
  std::int64_t free_port();

  std::uint32_t network_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t cursor_ = 0;
  std::int64_t port_cursor_ = 0;
  std::set<std::uint32_t> addresses_;
  std::set<std::int64_t> ports_;
};

}  // namespace spoke::cluster
