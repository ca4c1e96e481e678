// api/kubernetes.types, read: the types of the built-in kinds.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "kube/schema.h"

namespace spoke::kube {

// go_type of what JSONSchemaProps has where a schema may stand beside another type: JSONSchemaPropsOrArray, ...OrBool.
constexpr std::string_view kAnySchema = "v1.JSONSchemaPropsOr";

class BuiltinTypes {
 public:
  // Throws Error with the line number where the text is not what scripts/import-types writes.
  static BuiltinTypes parse(std::string_view text);

  // The ones compiled in, read on the first call and kept for good: they refer to each other in circles.
  static const BuiltinTypes& instance();

  // Null where there is no such kind.
  SchemaPtr find(std::string_view api_version, std::string_view kind) const;

  // "v1 Pod" -> its schema.
  const std::map<std::string, SchemaPtr, std::less<>>& kinds() const { return kinds_; }

 private:
  std::map<std::string, SchemaPtr, std::less<>> kinds_;
};

}  // namespace spoke::kube
