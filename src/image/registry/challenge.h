// How a server wants to be authenticated with: the header WWW-Authenticate (RFC 9110, 11.6.1). Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spoke::image {

struct Challenge {
  std::string scheme;                             // lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  // by lower-case names: "realm", "service", "scope"
};

// In the order they stand there. What cannot be read ends the list: a server's word is never an error by itself.
std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace spoke::image
