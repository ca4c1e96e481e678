// A custom kind's schema in the first line, an object in the rest. A schema is refused, or makes one that can be
// written and read again; objects are pruned, filled with defaults and validated by it. The object is also taken for
// built-in kinds.
#include <cstdint>
#include <optional>
#include <string_view>

#include "check.h"
#include "kube/pattern.h"
#include "kube/schema.h"

namespace {

using namespace spoke;
using namespace spoke::kube;
using fuzz::check;

std::optional<json::value> parsed(std::string_view text) {
  try {
    return json::parse(text);
  } catch (const json::ParseError&) {
    return std::nullopt;
  }
}

void custom(const json::value& open_api, json::value object) {
  std::vector<Cause> causes;
  const SchemaPtr schema = structural_schema(open_api, "schema", causes);
  check((schema == nullptr) == !causes.empty(), "a schema is structural, or it is said why not");
  if (schema == nullptr) return;

  const json::value written = to_open_api(*schema);
  check(fuzz::same(json::parse(json::dump(written)), written), "a schema can be written", json::dump(written));

  prune(*schema, object);
  json::value again = object;
  check(prune(*schema, again).empty(), "pruning leaves nothing to prune", json::dump(object));
  apply_defaults(*schema, object);
  again = object;
  apply_defaults(*schema, again);
  check(again == object, "defaults are filled in once", json::dump(object));
  for (const auto& cause : validate(*schema, object))
    check(!cause.field.empty() && !cause.message.empty() && cause.reason.starts_with("FieldValue"),
          "a cause names a field", cause.message);
}

void built_in(const Schema& schema, json::value object) {
  const bool fits = !check_types(schema, object);
  prune(schema, object);
  json::value again = object;
  check(prune(schema, again).empty(), "pruning leaves nothing to prune", json::dump(object));
  if (!fits || !object.is_object()) return;
  normalize(schema, object);
  check(!check_types(schema, object), "what fits is still of the right types", json::dump(object));
  again = object;
  normalize(schema, again);
  check(again == object, "what is normal stays as it is", json::dump(object) + "\n" + json::dump(again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  if (line == std::string_view::npos) return -1;
  try {
    Pattern(input.substr(0, line)).matches(input.substr(line + 1));
  } catch (const BadPattern&) {
  }
  const auto object = parsed(input.substr(line + 1));
  if (!object) return 0;
  static const SchemaPtr kBuiltIn[] = {builtin_schema("v1", "Pod"), builtin_schema("apps/v1", "Deployment"),
                                       builtin_schema("v1", "Secret"),
                                       builtin_schema("apiextensions.k8s.io/v1", "CustomResourceDefinition")};
  for (const auto& schema : kBuiltIn) built_in(*schema, *object);
  if (const auto open_api = parsed(input.substr(0, line))) custom(*open_api, *object);
  return 0;
}
