// Selectors, quantities and names: short texts that come in with queries and objects.
#include <cstdint>
#include <limits>
#include <string_view>

#include "check.h"
#include "kube/go_text.h"
#include "kube/names.h"
#include "kube/quantity.h"
#include "kube/selector.h"
#include "kube/status.h"

namespace {

using namespace spoke;

void label_selector(std::string_view text) {
  try {
    const auto selector = kube::LabelSelector::parse(text);
    for (const auto& requirement : selector.requirements())
      fuzz::check(kube::check_qualified_name(requirement.key).empty(), "a selector's keys are fine", requirement.key);
    selector.matches({{"a", "b"}, {"n", "5"}});
  } catch (const kube::StatusError& error) {
    fuzz::check(error.code() == 400, "a selector that cannot be read is a bad request", error.message());
  }
}

void field_selector(std::string_view text) {
  try {
    kube::FieldSelector::parse(text).matches([](std::string_view field) { return field; });
  } catch (const kube::StatusError& error) {
    fuzz::check(error.code() == 400, "a selector that cannot be read is a bad request", error.message());
  }
}

void quantity(std::string_view text) {
  const auto form = kube::Quantity::canonical(text);
  const auto read = kube::Quantity::parse(text);
  fuzz::check(form.has_value() == read.has_value(), "a text is a quantity or is none", std::string(text));
  fuzz::check(form.has_value() == kube::Quantity::refusal(text).empty(), "what is no quantity is refused");
  if (!form) return;
  fuzz::check(kube::Quantity::canonical(*form) == form, "a canonical form is canonical", *form);
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  if (read->value() == kMost || read->value() == -kMost) return;  // beyond E there is no suffix, and none is written
  fuzz::check(kube::Quantity::parse(*form) == read, "a canonical form has the same value", *form);
}

void names(std::string_view text) {
  const bool label = kube::check_dns1123_label(text).empty();
  fuzz::check(!label || kube::check_dns1123_subdomain(text).empty(), "a DNS label is a subdomain");
  fuzz::check(!kube::check_dns1035_label(text).empty() || label, "a DNS-1035 label is a DNS-1123 label");
  fuzz::check(text.find('/') != std::string_view::npos || !kube::check_qualified_name(text).empty() ||
                  kube::check_label_value(text).empty(),
              "a plain qualified name is a label value");
  kube::check_env_var_name(text);
  kube::check_config_map_key(text);
  kube::check_path_segment(text);
  kube::check_port_name(text);
  for (const char c : kube::go_quoted(text)) fuzz::check(c >= ' ' || c < 0, "a quoted text has no control characters");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  label_selector(text);
  field_selector(text);
  quantity(text);
  names(text);
  return 0;
}
