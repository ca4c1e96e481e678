// What an object of a kind may hold: one shape for built-in kinds (api/kubernetes.types) and for custom ones
// (structural schemas). Pruning, strict field validation, defaulting, patches and field ownership are walks over it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"
#include "kube/pattern.h"
#include "kube/status.h"

namespace spoke::kube {

struct Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

// What a value must satisfy beyond its shape: the value validations of a custom kind's schema.
struct Rules {
  std::vector<json::value> one_of_values;  // `enum`
  std::string format;                      // as written; it may be one that is not checked
  std::optional<Pattern> pattern;
  std::optional<double> minimum, maximum, multiple_of;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  bool unique_items = false;
  std::vector<SchemaPtr> all_of, any_of, one_of;  // value validations only, as structural schemas demand
  SchemaPtr none_of;                              // `not`
};

struct Schema {
  enum class Type {
    Any,
    Object,  // with `properties`
    Map,     // of any names, to `items`
    List,
    String,
    Integer,
    Number,
    Boolean,
    IntOrString,
    Quantity,
    Bytes,  // base64
    Time,
  };
  // How lists and objects merge (x-kubernetes-list-type, x-kubernetes-map-type).
  enum class Merge { Default, Atomic, Set, ListMap, Granular };

  Type type = Type::Any;
  Merge merge = Merge::Default;
  std::string go_type;  // of built-in kinds, as Go's decoder names it: "[]v1.Container", "v1.PullPolicy", "int32"
  std::vector<std::string> keys;   // of a ListMap: x-kubernetes-list-map-keys, used by server-side apply
  std::string patch_key;           // x-kubernetes-patch-merge-key, used by strategic merge patches
  bool patch_merge = false;        // x-kubernetes-patch-strategy holds "merge"
  bool patch_retain_keys = false;  // ... holds "retainKeys"
  bool patch_replace = false;      // ... is "replace"
  std::map<std::string, SchemaPtr, std::less<>> properties;  // Object
  // Of built-in kinds: protobuf's field number -> property. "2.3" is field 3 of message 2, which JSON has in line.
  std::map<std::string, std::string, std::less<>> numbers;
  SchemaPtr items;  // List: of its items; Map: of its values, null where they may be anything
  std::vector<std::string> required;
  std::vector<std::string> always;       // of built-in kinds: members that are there even if they are empty
  bool preserve_unknown = false;         // x-kubernetes-preserve-unknown-fields
  bool embedded_resource = false;        // x-kubernetes-embedded-resource; a custom kind's root is one too
  bool nullable = false;                 // of built-in kinds: a pointer, whose zero is not nothing
  std::optional<json::value> otherwise;  // `default`
  std::shared_ptr<const Rules> rules;    // null where there are none
};

// The built-in kinds, read once from the types compiled in. Null where there is no such kind. A type that holds itself
// (JSONSchemaProps) is one Schema that refers to itself: a walk must be led by a document, or remember where it was.
SchemaPtr builtin_schema(std::string_view api_version, std::string_view kind);

// A CustomResourceDefinition version's schema.openAPIV3Schema. metadata, kind and apiVersion are added to it. Causes
// are what makes it non-structural, in apiextensions' words; `at` is the field path of the schema in the definition.
SchemaPtr structural_schema(const json::value& open_api, const std::string& at, std::vector<Cause>& causes);

// The OpenAPI v3 form, for /openapi/v3. Types that hold themselves are cut off where they come again.
json::value to_open_api(const Schema& schema);

// Removes the fields that the schema does not know: what fieldValidation=Strict refuses and Warn warns of. Each answer
// is a path, "spec.containers[0].imagee": of built-in kinds in the document's order, of custom ones sorted, as the API
// server lists them. A name given twice is gone once a document is parsed; the reader of the text has to tell.
std::vector<std::string> prune(const Schema& schema, json::value& object);

// Puts `default`s where a member is missing or is null and not nullable; takes away nulls that are neither nullable nor
// have a default. As apiextensions does.
void apply_defaults(const Schema& schema, json::value& object);

// For custom kinds: types, enums, patterns, bounds, required members, unique keys, in the words of
// apiextensions-apiserver
// ("spec.replicas: Invalid value: \"string\": spec.replicas in body must be of type integer: \"string\"").
std::vector<Cause> validate(const Schema& schema, const json::value& object);

// For built-in kinds: what Go's decoder says of the first value that does not fit its field, "json: cannot unmarshal
// string into Go struct field PodSpec.spec.containers of type []v1.Container": the API server's message after
// `Pod in version "v1" cannot be handled as a Pod: `. Nothing where all values fit.
std::optional<std::string> check_types(const Schema& schema, const json::value& object);

// For objects whose types are right: what Go's decoder and encoder make of a built-in object, which is what the API
// server keeps and answers. Nulls and empty members go, but for those that are always there ("status": {}, "resources":
// {}), which come; quantities and times get their canonical form. Of custom kinds only metadata is changed.
void normalize(const Schema& schema, json::value& object);

}  // namespace spoke::kube
