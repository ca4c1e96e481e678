#include "net/bind_address.h"

#include <boost/asio/ip/address.hpp>

#include "base/error.h"
#include "base/strings.h"

namespace spoke::net {

BindAddress BindAddress::parse(const std::string& text) {
  const auto colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  const auto number = to_int(port);
  if (!number || *number < 1 || *number > 65535) fail("\"{}\" is no address to listen on, as :8080", text);
  std::string address = colon == std::string::npos ? "" : text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return {address, static_cast<std::uint16_t>(*number)};
}

bool BindAddress::only_this_machine() const {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  return !error && parsed.is_loopback();
}

}  // namespace spoke::net
