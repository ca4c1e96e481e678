// URLs of servers: "https://user:password@host:port/path?query".
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace spoke::net {

struct Url {
  std::string scheme;          // lower case; "" where there is none
  std::string user, password;  // decoded
  std::string host;            // an IPv6 address without brackets
  int port = 0;                // 0 where there is none
  std::string path;            // as it stands, with its first '/'; "" where there is none
  std::string query;           // as it stands, without '?'

  int port_or(int otherwise) const { return port == 0 ? otherwise : port; }
  // "host:port", brackets around an IPv6 address; the port only where it is given.
  std::string authority() const;
};

// Throws Error saying what is wrong with it; a password is not quoted.
Url parse_url(std::string_view text);

// Where a redirect leads: an absolute URL, or a path, a query or a name beside the base's. Throws Error.
Url resolve(const Url& base, std::string_view reference);

// For the path and the query of an https: or http: URL, as they stand there. Its server is not in it.
Request request_of(const Url& url);

}  // namespace spoke::net
