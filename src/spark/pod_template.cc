#include "spark/pod_template.h"

#include <algorithm>
#include <utility>

#include "data/yaml.h"

namespace spoke::spark {
namespace {

bool counts_for_nothing(const json::value& v) { return v.is_null() || (v.is_array() && v.get_array().empty()); }

void drop_nulls(json::value& v) {
  if (v.is_array())
    for (auto& item : v.get_array()) drop_nulls(item);
  if (!v.is_object()) return;
  json::object kept;
  for (auto& [name, member] : v.get_object()) {
    drop_nulls(member);
    if (!counts_for_nothing(member)) kept.emplace(name, std::move(member));
  }
  v = std::move(kept);
}

void as_text(json::value& v) {
  if (v.is_number() || v.is_bool()) v = json::dump(v);
}

void members_as_text(json::value& object, std::string_view path) {
  if (json::value* found = json::find(object, path); found != nullptr && found->is_object())
    for (auto& [name, member] : found->get_object()) as_text(member);
}

void items_as_text(json::value& object, std::string_view path) {
  if (json::value* found = json::find(object, path); found != nullptr && found->is_array())
    for (auto& item : found->get_array()) as_text(item);
}

void container_as_text(json::value& container) {
  members_as_text(container, "resources.limits");
  members_as_text(container, "resources.requests");
  items_as_text(container, "command");
  items_as_text(container, "args");
  if (json::value* env = json::find(container, "env"); env != nullptr && env->is_array())
    for (auto& variable : env->get_array())
      if (json::value* value = json::find(variable, "value")) as_text(*value);
}

void pod_as_text(kube::Object& pod) {
  members_as_text(pod, "metadata.labels");
  members_as_text(pod, "metadata.annotations");
  members_as_text(pod, "spec.nodeSelector");
  for (const auto list : {"spec.containers", "spec.initContainers"})
    if (json::value* containers = json::find(pod, list); containers != nullptr && containers->is_array())
      for (auto& container : containers->get_array()) container_as_text(container);
}

kube::Object parse_pod(std::string_view text) {
  kube::Object pod = yaml::parse(text);
  if (!pod.is_object()) fail("it is not an object");
  if (const auto kind = json::str(pod, "kind", "Pod"); kind != "Pod") fail("it is a {}, not a Pod", kind);
  drop_nulls(pod);
  if (const json::value* spec = json::find(pod, "spec"); spec == nullptr || !spec->is_object()) fail("it has no spec");
  if (const json::value* metadata = json::find(pod, "metadata"); metadata != nullptr && !metadata->is_object())
    fail("its metadata is not an object");
  pod_as_text(pod);
  json::set(pod, "apiVersion", "v1");
  json::set(pod, "kind", "Pod");
  return pod;
}

}  // namespace

SparkPod empty_spark_pod() {
  return {json::object{{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", json::object()}, {"spec", json::object()}},
          json::object()};
}

SparkPod load_pod_template(std::string_view text, const std::optional<std::string>& container_name,
                           std::vector<std::string>& warnings) {
  SparkPod result{parse_pod(text), json::object()};
  json::array containers = json::list(result.pod, "spec.containers");
  json::remove(result.pod, "spec.containers");
  if (containers.empty()) return result;
  if (!std::all_of(containers.begin(), containers.end(), [](const auto& c) { return c.is_object(); }))
    fail("one of its containers is not an object");

  auto chosen = containers.begin();
  if (container_name) {
    const auto named = [&](const json::value& c) { return json::str(c, "name") == *container_name; };
    if (std::count_if(containers.begin(), containers.end(), named) == 1)
      chosen = std::find_if(containers.begin(), containers.end(), named);
    else
      warnings.push_back(
          fmt::format("specified container {} not found on pod template, falling back to taking the first container",
                      *container_name));
  }
  result.container = std::move(*chosen);
  containers.erase(chosen);
  if (!containers.empty()) json::set(result.pod, "spec.containers", std::move(containers));
  return result;
}

}  // namespace spoke::spark
