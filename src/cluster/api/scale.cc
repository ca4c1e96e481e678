#include "cluster/api/scale.h"

#include <fmt/format.h>

#include "kube/go_text.h"
#include "kube/meta.h"
#include "kube/selector.h"

namespace spoke::cluster {
namespace {

// Scale paths have names only, no indexes: ".spec.replicas".
std::string_view member_path(std::string_view json_path) {
  return json_path.substr(json_path.starts_with('.') ? 1 : 0);
}

// Custom kinds have it as text, Kubernetes' own as a LabelSelector.
std::string selector_text(const Object& object, std::string_view path) {
  const json::value* selector = json::find(object, path);
  if (selector == nullptr) return "";
  return selector->is_object() ? kube::LabelSelector::from_object(*selector).text()
                               : std::string(json::str(object, path));
}

}  // namespace

Object scale_of(const ResourceType& type, const Object& object) {
  json::object metadata;
  for (const char* member : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
    if (const json::value* value = json::find(object, std::string("metadata.") + member)) metadata[member] = *value;
  json::object spec, status{{"replicas", json::num(object, member_path(type.scale->status_replicas))}};
  if (const auto replicas = json::num(object, member_path(type.scale->spec_replicas)); replicas != 0)
    spec["replicas"] = replicas;
  if (!type.scale->selector.empty())
    if (const std::string selector = selector_text(object, member_path(type.scale->selector)); !selector.empty())
      status["selector"] = selector;
  return json::object{{"kind", "Scale"},
                      {"apiVersion", "autoscaling/v1"},
                      {"metadata", std::move(metadata)},
                      {"spec", std::move(spec)},
                      {"status", std::move(status)}};
}

Object with_scale(const ResourceType& type, Object object, const Object& scale) {
  if (const json::value* given = json::find(scale, "spec.replicas"); given != nullptr && !given->is_int64())
    throw kube::bad_request(fmt::format(
        "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal {} into Go struct field "
        "ScaleSpec.spec.replicas of type int32",
        kube::go_type(*given)));
  const auto replicas = json::num(scale, "spec.replicas");
  if (replicas < 0)
    throw kube::invalid(
        "autoscaling", "Scale", kube::name(object),
        {kube::invalid_value("spec.replicas", json::value(replicas), "must be greater than or equal to 0")});
  json::set(object, member_path(type.scale->spec_replicas), replicas);
  if (const std::string_view version = kube::resource_version(scale); !version.empty())
    json::set(object, "metadata.resourceVersion", version);
  return object;
}

Causes check_scale(const ResourceType& type, const Object& object) {
  if (!type.scale) return {};
  const std::string& path = type.scale->spec_replicas;
  const json::value* replicas = json::find(object, member_path(path));
  if (replicas == nullptr) return {};
  if (!replicas->is_int64())
    return {kube::invalid_value(path, json::value(0),
                                fmt::format("{} accessor error: {} is of the type {}, expected int64", path,
                                            kube::go_printed(*replicas), kube::go_type(*replicas)))};
  if (replicas->get_int64() < 0) return {kube::invalid_value(path, *replicas, "should be a non-negative integer")};
  return {};
}

}  // namespace spoke::cluster
