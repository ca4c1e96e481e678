#include "cluster/api/kinds/common.h"

#include <algorithm>

#include "base/strings.h"
#include "kube/quantity.h"

namespace spoke::cluster::kinds {

std::string selector_text(const json::object& map) {
  std::string out;
  for (const auto& [key, value] : map) {
    if (!out.empty()) out += ',';
    out += std::string(key) + "=" + (value.is_string() ? json::to_string(value.get_string()) : json::dump(value));
  }
  return out.empty() ? "<none>" : out;
}

bool one_of(const std::vector<std::string>& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::string age_of(const Object& o) {
  const auto created = parse_rfc3339(json::str(o, "metadata.creationTimestamp"));
  return created ? human_duration(now() - *created) : "<unknown>";
}

void validate_count_or_percent(const Object& o, const std::string& path, std::optional<std::int64_t> most,
                               Causes& causes) {
  const json::value* value = json::find(o, path);
  if (value == nullptr) return;
  if (value->is_int64() && value->get_int64() < 0)
    causes.push_back(kube::invalid_value(path, *value, "must be greater than or equal to 0"));
  if (!value->is_string()) return;
  const std::string_view text = value->get_string();
  if (text.size() < 2 || !text.ends_with('%') || text.find_first_not_of("0123456789") != text.size() - 1)
    causes.push_back(kube::invalid_value(path, *value,
                                         "a valid percent string must be a numeric string followed by an ending '%' "
                                         "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"));
  else if (const auto number = to_int(text.substr(0, text.size() - 1)); !number || (most && *number > *most))
    causes.push_back(kube::invalid_value(path, *value, "must not be greater than 100%"));
}

void check_port(const json::value& number, const std::string& field, Causes& causes) {
  if (!number.is_int64() || number.get_int64() < 1 || number.get_int64() > 65535)
    causes.push_back(kube::invalid_value(field, number, "must be between 1 and 65535, inclusive"));
}

void canonical_quantities(Object& o, std::string_view path) {
  json::value* map = json::find(o, path);
  if (map == nullptr || !map->is_object()) return;
  for (auto& [name, value] : map->get_object())
    if (const auto canonical =
            kube::Quantity::canonical(value.is_string() ? json::to_string(value.get_string()) : json::dump(value)))
      value = *canonical;
}

void check_immutable(const Object& before, const Object& after, const std::vector<std::string>& members,
                     Causes& causes) {
  if (!json::flag(before, "immutable")) return;
  if (!json::flag(after, "immutable"))
    causes.push_back(kube::forbidden_field("immutable", "field is immutable when `immutable` is set"));
  for (const auto& member : members)
    if (json::members(before, member) != json::members(after, member))
      causes.push_back(kube::forbidden_field(member, "field is immutable when `immutable` is set"));
}

}  // namespace spoke::cluster::kinds
