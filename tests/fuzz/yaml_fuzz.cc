// Manifests: what reads is written so that it reads back as the same.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "check.h"
#include "data/json.h"
#include "data/yaml.h"

namespace {

using namespace spoke;

void as_json(const json::value& v) {
  fuzz::check(fuzz::same(json::parse(json::dump(v)), v), "JSON reads back as the same", json::dump(v));
  fuzz::check(fuzz::same(json::parse(json::dump_pretty(v)), v), "pretty JSON reads back as the same",
              json::dump_pretty(v));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    as_json(json::parse(text));
  } catch (const json::ParseError&) {
  }
  std::vector<json::value> documents;
  try {
    documents = yaml::parse_all(text);
  } catch (const Error&) {
    return 0;
  }
  for (const auto& document : documents) {
    const std::string dumped = yaml::dump(document);
    if (dumped.find("\xEF\xBF\xBD") != std::string::npos)
      continue;  // yaml-cpp writes U+FFFD for Unicode's noncharacters
    fuzz::check(fuzz::same(yaml::parse(dumped), document), "YAML reads back as the same",
                dumped + json::dump(document));
  }
  return 0;
}
