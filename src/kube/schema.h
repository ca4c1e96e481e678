// What an object of a kind may hold: one shape for built-in kinds (api/kubernetes.types) and for custom ones (structural
// schemas). Pruning, strict field validation, defaulting, patches and field ownership are walks over it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"
#include "kube/status.h"

namespace spoke::kube {

struct Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

struct Schema {
  enum class Type { Any, Object, Map, List, String, Integer, Number, Boolean, IntOrString, Quantity };
  // How lists and objects merge (x-kubernetes-list-type, x-kubernetes-map-type).
  enum class Merge { Default, Atomic, Set, ListMap, Granular };

  Type type = Type::Any;
  Merge merge = Merge::Default;
  std::vector<std::string> keys;      // of a ListMap: x-kubernetes-list-map-keys, used by server-side apply
  std::string patch_key;              // x-kubernetes-patch-merge-key, used by strategic merge patches
  bool patch_merge = false;           // x-kubernetes-patch-strategy holds "merge"
  bool patch_retain_keys = false;     // ... holds "retainKeys"
  bool patch_replace = false;         // ... is "replace"
  std::map<std::string, SchemaPtr, std::less<>> properties;  // Object
  SchemaPtr items;                    // List: of its items; Map: of its values
  std::vector<std::string> required;
  bool preserve_unknown = false;      // x-kubernetes-preserve-unknown-fields
  bool embedded_resource = false;     // x-kubernetes-embedded-resource
  bool nullable = false;
  std::optional<json::value> otherwise;  // `default`

  // Value validations (custom kinds).
  std::vector<json::value> one_of_values;  // `enum`
  std::string format, pattern;
  std::optional<double> minimum, maximum, multiple_of;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  bool unique_items = false;
  std::vector<SchemaPtr> all_of, any_of, one_of;  // value validations only, as structural schemas demand
  SchemaPtr none_of;                              // `not`
};

// The built-in kinds, read once from the types compiled in. Null where there is no such kind.
SchemaPtr builtin_schema(std::string_view api_version, std::string_view kind);

// A CustomResourceDefinition version's schema.openAPIV3Schema. metadata, kind and apiVersion are added to it. Causes
// are what makes it non-structural, in apiextensions' words; `at` is the field path of the schema in the definition.
SchemaPtr structural_schema(const json::value& open_api, const std::string& at, std::vector<Cause>& causes);

// The OpenAPI v3 form, for /openapi/v3.
json::value to_open_api(const Schema& schema);

// A field that the schema does not know, or a value given twice: what fieldValidation=Strict refuses and Warn warns of.
// Removes them from the object. Each answer is a path: "spec.containers[0].imagee".
std::vector<std::string> prune(const Schema& schema, json::value& object);

// Puts `default`s where a member is missing (and where it is null and not nullable), as apiextensions does.
void apply_defaults(const Schema& schema, json::value& object);

// For custom kinds: types, enums, patterns, bounds, required members, in the words of apiextensions-apiserver
// ("spec.replicas: Invalid value: \"string\": spec.replicas in body must be of type integer: \"string\"").
std::vector<Cause> validate(const Schema& schema, const json::value& object);

// For built-in kinds: the first value whose JSON type is not the field's, as the API server's decoder words it:
// "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container" is Go's; we answer
// with the path and both types. Quantities are checked ("quantities must match the regular expression ...").
std::optional<std::string> check_types(const Schema& schema, const json::value& object);

}  // namespace spoke::kube
