#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {

std::string selector_text(const json::object& map) {
  std::string out;
  for (const auto& [key, value] : map) {
    if (!out.empty()) out += ',';
    out += std::string(key) + "=" + (value.is_string() ? json::to_string(value.get_string()) : json::dump(value));
  }
  return out.empty() ? "<none>" : out;
}

void check_immutable(const Object& before, const Object& after, const std::vector<std::string>& members, Causes& causes) {
  if (!json::flag(before, "immutable")) return;
  if (!json::flag(after, "immutable")) causes.push_back(kube::forbidden_field("immutable", "field is immutable when `immutable` is set"));
  for (const auto& member : members)
    if (json::members(before, member) != json::members(after, member))
      causes.push_back(kube::forbidden_field(member, "field is immutable when `immutable` is set"));
}

}  // namespace spoke::cluster::kinds
