#include "spark/pod_template.h"

#include <algorithm>
#include <utility>

#include "data/yaml.h"
#include "kube/schema.h"
#include "spark/memory.h"

namespace spoke::spark {
namespace {

using kube::Schema;

bool counts_for_nothing(const json::value& v) { return v.is_null() || (v.is_array() && v.get_array().empty()); }

// A scalar as Jackson gives it for a text.
json::value as_text(const json::value& v) {
  if (v.is_double()) return json::value(java_text(v.get_double()));
  return v.is_number() || v.is_bool() ? json::value(json::dump(v)) : v;
}

bool wants_text(const Schema& schema) {
  return schema.type == Schema::Type::String || schema.type == Schema::Type::Quantity;
}

// Spark reads a template as YAML's JSON schema has it, and takes a scalar as text where Kubernetes wants text; members
// that are null do not count, but entries of a map do. `read` is the value as Kubernetes' tools read it, `plain` the
// same as Spark does. `schema` is null where Kubernetes knows no such field.
json::value convert(const Schema* schema, const json::value& read, const json::value& plain) {
  if (schema != nullptr && wants_text(*schema)) return as_text(plain);
  if (read.is_array() && plain.is_array()) {
    json::array out;
    for (size_t i = 0; i < read.get_array().size(); ++i)
      out.push_back(
          convert(schema != nullptr ? schema->items.get() : nullptr, read.get_array()[i], plain.get_array()[i]));
    return out;
  }
  if (!read.is_object() || !plain.is_object()) return read;
  const bool map = schema != nullptr && schema->type == Schema::Type::Map;
  json::object out;
  for (const auto& [name, value] : read.get_object()) {
    const Schema* of_member = nullptr;
    if (map) of_member = schema->items.get();
    if (schema != nullptr && !map)
      if (const auto found = schema->properties.find(std::string_view(name)); found != schema->properties.end())
        of_member = found->second.get();
    json::value member = convert(of_member, value, plain.get_object().at(name));
    if (map || !counts_for_nothing(member)) out.emplace(name, std::move(member));
  }
  return out;
}

kube::Object parse_pod(std::string_view text) {
  static const kube::SchemaPtr schema = kube::builtin_schema("v1", "Pod");
  kube::Object pod = yaml::parse(text);
  if (!pod.is_object()) fail("it is not an object");
  if (const auto kind = json::str(pod, "kind", "Pod"); kind != "Pod") fail("it is a {}, not a Pod", kind);
  pod = convert(schema.get(), pod, yaml::parse(text, yaml::Scalars::Json));
  if (const json::value* spec = json::find(pod, "spec"); spec == nullptr || !spec->is_object()) fail("it has no spec");
  if (const auto wrong = kube::check_types(*schema, pod)) fail("{}", *wrong);
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
