#include "cluster/node/users.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"

namespace spoke::cluster {
namespace {

std::optional<Id> number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto value = to_int(text);
  if (!value || *value > 0xffffffffLL - 1) return std::nullopt;
  return static_cast<Id>(*value);
}

// The fields of each line, "name:password:id:...".
std::vector<std::vector<std::string>> entries(std::string_view file, size_t fields) {
  std::vector<std::vector<std::string>> out;
  for (const auto& line : split(file, '\n')) {
    auto parts = split(line, ':');
    if (parts.size() >= fields && !line.starts_with('#') && number(parts[2])) out.push_back(std::move(parts));
  }
  return out;
}

}  // namespace

std::optional<Id> numeric_user(std::string_view spec) {
  const std::string_view user = spec.substr(0, spec.find(':'));
  return user.empty() ? std::optional<Id>(0) : number(user);
}

User find_user(std::string_view spec, std::string_view passwd, std::string_view group) {
  const auto colon = spec.find(':');
  const std::string name(spec.substr(0, colon));
  const std::string group_name(colon == std::string_view::npos ? "" : spec.substr(colon + 1));
  User user;
  std::string login;
  const auto uid = name.empty() ? std::optional<Id>(0) : number(name);
  const auto users = entries(passwd, 6);
  const auto found =
      std::ranges::find_if(users, [&](const auto& e) { return uid ? number(e[2]) == uid : e[0] == name; });
  if (found != users.end()) {
    login = (*found)[0];
    user.uid = *number((*found)[2]);
    user.gid = number((*found)[3]).value_or(0);
    user.home = (*found)[5].empty() ? "/" : (*found)[5];
  } else if (uid) {
    user.uid = *uid;
  } else {
    fail("unable to find user {}: no matching entries in passwd file", name);
  }

  const auto groups = entries(group, 3);
  if (!group_name.empty()) {
    const auto gid = number(group_name);
    const auto at = std::ranges::find_if(groups, [&](const auto& e) { return e[0] == group_name; });
    if (!gid && at == groups.end()) fail("unable to find group {}: no matching entries in group file", group_name);
    user.gid = gid ? *gid : *number((*at)[2]);
    return user;
  }
  for (const auto& entry : groups) {
    if (login.empty() || entry.size() < 4) continue;
    const auto members = split(entry[3], ',');
    if (std::ranges::find(members, login) != members.end()) user.groups.push_back(*number(entry[2]));
  }
  std::ranges::sort(user.groups);
  return user;
}

}  // namespace spoke::cluster
