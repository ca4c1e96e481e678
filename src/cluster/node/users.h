// Who a container's process runs as: names of an image's /etc/passwd and /etc/group as numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spoke::cluster {

using Id = std::uint32_t;

struct User {
  Id uid = 0;
  Id gid = 0;
  std::vector<Id> groups;  // supplementary, in ascending order
  std::string home = "/";  // of passwd; the value of HOME
};

// `spec` is an image's User: "", "185", "spark", "185:0", "spark:root". A number need not be in passwd: its group is
// then 0. Groups that list the user in `group` are supplementary, unless the specification names a group. Throws Error
// where a name is in neither file ("unable to find user spark: no matching entries in passwd file").
User find_user(std::string_view spec, std::string_view passwd, std::string_view group);

// The uid of an image's User where it is a number; nothing where it is a name.
std::optional<Id> numeric_user(std::string_view spec);

}  // namespace spoke::cluster
