#include "base/strings.h"
#include "cluster/api/kinds/pod_parts.h"

namespace spoke::cluster::kinds {

bool goes_up(std::string_view path) {
  const auto parts = split(path, '/');
  return one_of(parts, "..");
}

Names validate_volumes(const json::value& spec, const std::string& at, Causes& causes) {
  // What each source must name: its member that may not be empty.
  static constexpr std::pair<const char*, const char*> needed[] = {
      {"hostPath", "path"}, {"secret", "secretName"}, {"configMap", "name"}, {"persistentVolumeClaim", "claimName"},
      {"nfs", "server"},    {"csi", "driver"}};
  Names names;
  size_t i = 0;
  for (const auto& volume : json::list(spec, "volumes")) {
    const std::string field = at + ".volumes[" + std::to_string(i++) + "]";
    const std::string_view name = json::str(volume, "name");
    if (name.empty())
      causes.push_back(kube::required(field + ".name", ""));
    else {
      for (const auto& why : kube::check_dns1123_label(name))
        causes.push_back(kube::invalid_value(field + ".name", json::value(name), why));
      if (!names.insert(std::string(name)).second)
        causes.push_back(kube::duplicate(field + ".name", json::value(name)));
    }
    bool first = true;
    if (const auto* members = volume.if_object())
      for (const auto& [source, value] : *members) {
        if (source == "name" || std::exchange(first, false)) continue;
        causes.push_back(
            kube::forbidden_field(field + "." + std::string(source), "may not specify more than 1 volume type"));
      }
    for (const auto& [source, member] : needed)
      if (json::find(volume, source) != nullptr && json::str(volume, std::string(source) + "." + member).empty())
        causes.push_back(kube::required(field + "." + source + "." + member, ""));
    if (const std::string_view path = json::str(volume, "hostPath.path"); goes_up(path))
      causes.push_back(kube::invalid_value(field + ".hostPath.path", json::value(path), "must not contain '..'"));
  }
  return names;
}

}  // namespace spoke::cluster::kinds
