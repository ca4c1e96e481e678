#include "cluster/node/fields.h"

#include <map>

#include "base/strings.h"
#include "kube/quantity.h"

namespace spoke::cluster {
namespace {

// A map as a downward API file shows it: sorted lines, values quoted as Go's %q.
std::string lines_of(const json::object& map) {
  std::map<std::string, std::string> sorted;
  for (const auto& [key, v] : map) sorted[std::string(key)] = v.is_string() ? json::to_string(v.get_string()) : "";
  std::vector<std::string> lines;
  for (const auto& [key, v] : sorted) lines.push_back(key + "=" + json::dump(json::value(std::string_view(v))));
  return join(lines, "\n");
}

// "x" of "metadata.labels['x']".
std::optional<std::string_view> subscript(std::string_view path, std::string_view field) {
  if (!path.starts_with(field)) return std::nullopt;
  path.remove_prefix(field.size());
  if (path.size() < 4 || !path.starts_with("['") || !path.ends_with("']")) return std::nullopt;
  return path.substr(2, path.size() - 4);
}

}  // namespace

std::optional<std::string> pod_field(const kube::Object& pod, std::string_view path, const PodPlace& place) {
  if (const auto key = subscript(path, "metadata.labels")) return std::string(kube::label(pod, *key));
  if (const auto key = subscript(path, "metadata.annotations")) return std::string(kube::annotation(pod, *key));
  if (path == "metadata.labels" || path == "metadata.annotations") return lines_of(json::members(pod, path));
  if (path == "metadata.name" || path == "metadata.namespace" || path == "metadata.uid")
    return std::string(json::str(pod, path));
  if (path == "spec.nodeName") return place.node;
  if (path == "spec.serviceAccountName") return std::string(json::str(pod, path));
  if (path == "status.hostIP" || path == "status.hostIPs") return place.host_ip;
  if (path == "status.podIP" || path == "status.podIPs") return place.pod_ip;
  return std::nullopt;
}

std::optional<std::string> resource_field(const json::value& container, std::string_view resource,
                                          std::string_view divisor, const PodPlace& place) {
  const auto dot = resource.find('.');
  const std::string_view side = resource.substr(0, dot);
  const std::string_view name = dot == std::string_view::npos ? "" : resource.substr(dot + 1);
  if ((side != "limits" && side != "requests") || name.empty()) return std::nullopt;
  auto unit = kube::Quantity::parse(divisor.empty() || divisor == "0" ? "1" : divisor);
  if (!unit || unit->zero() || unit->negative()) return std::nullopt;

  const json::value* given = nullptr;
  if (const auto* map = json::find(container, "resources." + std::string(side))) given = json::find_member(*map, name);
  auto quantity = kube::Quantity::of(0);
  if (given != nullptr && given->is_string()) {
    const auto parsed = kube::Quantity::parse(given->get_string());
    if (!parsed) return std::nullopt;
    quantity = *parsed;
  } else if (side == "limits") {
    if (name == "cpu") quantity = kube::Quantity::of(place.cpus);
    if (name == "memory") quantity = kube::Quantity::of(place.memory);
  }
  // Processors are counted in thousandths, everything else in whole units, as the kubelet divides them.
  const std::int64_t amount = name == "cpu" ? quantity.milli() : quantity.value();
  const std::int64_t per = name == "cpu" ? unit->milli() : unit->value();
  return std::to_string(amount / per + (amount % per > 0 ? 1 : 0));
}

const json::value* find_container(const kube::Object& pod, std::string_view name) {
  for (const char* list : {"spec.initContainers", "spec.containers"}) {
    for (const auto& container : json::list(pod, list)) {
      if (json::str(container, "name") == name) return &container;
    }
  }
  return nullptr;
}

}  // namespace spoke::cluster
