#include "cluster/api/decode.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/meta.h"

namespace spoke::cluster {
namespace {

// Go's packages are named after the first word of a group; that of the core group is "core".
std::string internal_name(std::string_view group, std::string_view kind) {
  const std::string_view package = group.empty() ? "core" : group.substr(0, group.find('.'));
  return fmt::format("{}.{}", package, kind);
}

// A version that is not there has no field but those of every object.
std::vector<std::string> unknown_fields(const Object& object) {
  std::vector<std::string> out;
  for (const auto& member : object.get_object())
    if (member.key() != "apiVersion" && member.key() != "kind" && member.key() != "metadata")
      out.push_back(fmt::format("unknown field \"{}\"", std::string_view(member.key())));
  return out;
}

void check_kind(const Catalog& catalog, const ResourceType& type, Object& object, FieldValidation validation) {
  auto& members = object.get_object();
  const std::string expected = type.id.api_version();
  if (kube::kind(object).empty()) members["kind"] = type.id.kind;
  if (json::str(object, "apiVersion").empty()) members["apiVersion"] = expected;
  const std::string kind(kube::kind(object)), api_version(json::str(object, "apiVersion"));
  if (kind == type.id.kind && api_version == expected) return;
  const auto [group, version] = kube::group_version(api_version);
  if (type.custom) {
    if (api_version == expected)
      throw kube::invalid(group, kind, kube::name(object),
                          {kube::invalid_value("kind", json::value(kind), "must be " + type.id.kind)});
  } else if (!catalog.by_kind(api_version, kind) && !kube::builtin_schema(api_version, kind)) {
    throw Undecodable(
        kind, version,
        fmt::format(R"(no kind "{}" is registered for version "{}" in scheme "pkg/api/legacyscheme/scheme.go:30")",
                    kind, api_version));
  } else if (kind != type.id.kind) {
    throw Undecodable(kind, version,
                      fmt::format("converting ({}.{}) to ({}): unknown conversion", version, kind,
                                  internal_name(type.id.group, type.id.kind)));
  }
  const auto refusal = kube::bad_request(fmt::format(
      "the API version in the data ({}) does not match the expected API version ({})", api_version, expected));
  if (!type.custom || validation == FieldValidation::Ignore) throw refusal;
  throw WarnedRefusal(refusal, unknown_fields(object));
}

}  // namespace

void to_canonical(const ResourceType& type, Object& object) {
  static const kube::SchemaPtr metadata_of = kube::builtin_schema("v1", "ConfigMap")->properties.at("metadata");
  json::value* metadata = json::find(object, "metadata");
  if (type.custom && metadata != nullptr) kube::normalize(*metadata_of, *metadata);
  if (!type.custom && type.schema) kube::normalize(*type.schema, object);
}

kube::StatusError Undecodable::refusal(const ResourceType& type) const {
  return kube::bad_request(
      fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", kind_, version_, type.id.kind, why_));
}

kube::StatusError Undecodable::refusal_of_patch(const json::value& patched) const {
  return kube::invalid("", "", "", {kube::invalid_value("patch", patched, why_)});
}

std::vector<std::string> decode(const Catalog& catalog, const ResourceType& type, Object& object,
                                FieldValidation validation, const std::vector<std::string>& duplicates) {
  if (!object.is_object()) throw kube::bad_request("the request body is not a JSON object");
  check_kind(catalog, type, object, validation);
  std::vector<std::string> problems;
  for (const auto& path : duplicates) problems.push_back("duplicate field \"" + path + "\"");
  if (type.schema) {
    if (!type.custom)
      if (const auto wrong = kube::check_types(*type.schema, object))
        throw Undecodable(type.id.kind, type.id.version, *wrong);
    for (const auto& path : kube::prune(*type.schema, object)) problems.push_back("unknown field \"" + path + "\"");
  }
  if (validation == FieldValidation::Strict && !problems.empty())
    throw Undecodable(type.id.kind, type.id.version, "strict decoding error: " + join(problems, ", "));
  to_canonical(type, object);
  return validation == FieldValidation::Ignore ? std::vector<std::string>() : problems;
}

}  // namespace spoke::cluster
