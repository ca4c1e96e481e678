// The three kinds of patch: a document in the first line, a patch in the rest. A patch is refused, or makes a document
// that can be written and read again.
#include <cstdint>
#include <optional>
#include <string_view>

#include "check.h"
#include "data/json.h"
#include "kube/patch.h"
#include "kube/status.h"

namespace {

using namespace spoke;

std::optional<json::value> parsed(std::string_view text) {
  try {
    return json::parse(text);
  } catch (const json::ParseError&) {
    return std::nullopt;
  }
}

template <class Patch>
void try_patch(std::string_view what, Patch patch) {
  try {
    const json::value out = patch();
    fuzz::check(fuzz::same(json::parse(json::dump(out)), out), what, json::dump(out));
  } catch (const kube::StatusError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  if (line == std::string_view::npos) return -1;
  const auto document = parsed(input.substr(0, line));
  const auto patch = parsed(input.substr(line + 1));
  if (!document || !patch) return -1;
  try_patch("a JSON patch leaves a document", [&] { return kube::json_patch(*document, *patch); });
  try_patch("a merge patch leaves a document", [&] { return kube::merge_patch(*document, *patch); });
  static const kube::SchemaPtr kSchemas[] = {kube::builtin_schema("v1", "Pod"),
                                             kube::builtin_schema("apps/v1", "Deployment"),
                                             std::make_shared<const kube::Schema>()};
  for (const auto& schema : kSchemas)
    try_patch("a strategic merge patch leaves a document",
              [&] { return kube::strategic_merge_patch(*schema, *document, *patch); });
  return 0;
}
