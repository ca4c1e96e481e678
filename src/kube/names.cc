#include "kube/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace spoke::kube {
namespace {

constexpr size_t kLabelLength = 63;
constexpr size_t kSubdomainLength = 253;
constexpr size_t kPortNameLength = 15;

// The regular expressions stand in the messages; what they say is checked by hand, without backtracking.
constexpr std::string_view kDns1123Label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kDns1123Subdomain = R"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)";
constexpr std::string_view kDns1035Label = "[a-z]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kQualifiedName = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
constexpr std::string_view kLabelValue = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
constexpr std::string_view kConfigMapKey = "[-._a-zA-Z0-9]+";

bool lower_alpha(char c) { return c >= 'a' && c <= 'z'; }
bool lower_alnum(char c) { return lower_alpha(c) || (c >= '0' && c <= '9'); }
bool alnum(char c) { return lower_alnum(c) || (c >= 'A' && c <= 'Z'); }
bool dns_char(char c) { return lower_alnum(c) || c == '-'; }
bool name_char(char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; }

template <class Test>
bool all(std::string_view text, Test test) {
  return std::all_of(text.begin(), text.end(), test);
}

bool is_dns1123_label(std::string_view text) {
  return !text.empty() && all(text, dns_char) && lower_alnum(text.front()) && lower_alnum(text.back());
}

bool is_dns1123_subdomain(std::string_view text) {
  for (const auto& label : split(text, '.'))
    if (!is_dns1123_label(label)) return false;
  return true;
}

bool is_qualified_part(std::string_view text) {
  return !text.empty() && all(text, name_char) && alnum(text.front()) && alnum(text.back());
}

std::string too_long(size_t limit) { return fmt::format("must be no more than {} characters", limit); }

std::string mismatch(std::string_view rule, std::string_view regex, std::initializer_list<std::string_view> examples) {
  std::string out = fmt::format("{} (e.g. ", rule);
  for (const auto& example : examples)
    out += fmt::format("{}'{}', ", example.data() == examples.begin()->data() ? "" : " or ", example);
  return out + fmt::format("regex used for validation is '{}')", regex);
}

std::string qualified_part_mismatch(std::string_view what) {
  return mismatch(
      fmt::format("{} must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
                  "an alphanumeric character",
                  what),
      kQualifiedName, {"MyName", "my.name", "123-abc"});
}

void refuse_parent_path(std::string_view text, std::vector<std::string>& errors) {
  if (text == ".")
    errors.emplace_back("must not be '.'");
  else if (text == "..")
    errors.emplace_back("must not be '..'");
  else if (text.starts_with(".."))
    errors.emplace_back("must not start with '..'");
}

}  // namespace

std::vector<std::string> check_dns1123_label(std::string_view text) {
  std::vector<std::string> errors;
  if (text.size() > kLabelLength) errors.push_back(too_long(kLabelLength));
  if (is_dns1123_label(text)) return errors;
  if (is_dns1123_subdomain(text))
    errors.emplace_back("must not contain dots");
  else
    errors.push_back(
        mismatch("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
                 "must start and end with an alphanumeric character",
                 kDns1123Label, {"my-name", "123-abc"}));
  return errors;
}

std::vector<std::string> check_dns1123_subdomain(std::string_view text) {
  std::vector<std::string> errors;
  if (text.size() > kSubdomainLength) errors.push_back(too_long(kSubdomainLength));
  if (!is_dns1123_subdomain(text))
    errors.push_back(
        mismatch("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
                 "'.', and must start and end with an alphanumeric character",
                 kDns1123Subdomain, {"example.com"}));
  return errors;
}

std::vector<std::string> check_dns1035_label(std::string_view text) {
  std::vector<std::string> errors;
  if (text.size() > kLabelLength) errors.push_back(too_long(kLabelLength));
  if (!is_dns1123_label(text) || !lower_alpha(text.front()))
    errors.push_back(
        mismatch("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
                 "alphabetic character, and end with an alphanumeric character",
                 kDns1035Label, {"my-name", "abc-123"}));
  return errors;
}

std::vector<std::string> check_qualified_name(std::string_view text) {
  std::vector<std::string> errors;
  const auto slash = text.find('/');
  if (slash != std::string_view::npos && text.find('/', slash + 1) != std::string_view::npos)
    return {qualified_part_mismatch("a qualified name") +
            " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"};
  if (slash == 0) {
    errors.emplace_back("prefix part must be non-empty");
  } else if (slash != std::string_view::npos) {
    for (const auto& error : check_dns1123_subdomain(text.substr(0, slash))) errors.push_back("prefix part " + error);
  }
  const std::string_view name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  if (name.empty())
    errors.emplace_back("name part must be non-empty");
  else if (name.size() > kLabelLength)
    errors.push_back("name part " + too_long(kLabelLength));
  if (!is_qualified_part(name)) errors.push_back(qualified_part_mismatch("name part"));
  return errors;
}

std::vector<std::string> check_label_value(std::string_view text) {
  std::vector<std::string> errors;
  if (text.size() > kLabelLength) errors.push_back(too_long(kLabelLength));
  if (!text.empty() && !is_qualified_part(text))
    errors.push_back(
        mismatch("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
                 "'.', and must start and end with an alphanumeric character",
                 kLabelValue, {"MyValue", "my_value", "12345"}));
  return errors;
}

// Relaxed since Kubernetes 1.34 (feature RelaxedEnvironmentVariableValidation).
std::vector<std::string> check_env_var_name(std::string_view text) {
  if (text.empty()) return {"environment variable name must be non-empty"};
  if (all(text, [](char c) { return c >= ' ' && c <= '~' && c != '='; })) return {};
  return {"a valid environment variable name must consist only of printable ASCII characters other than '='"};
}

std::vector<std::string> check_config_map_key(std::string_view text) {
  std::vector<std::string> errors;
  if (text.size() > kSubdomainLength) errors.push_back(too_long(kSubdomainLength));
  if (text.empty() || !all(text, name_char))
    errors.push_back(mismatch("a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
                              kConfigMapKey, {"key.name", "KEY_NAME", "key-name"}));
  refuse_parent_path(text, errors);
  return errors;
}

std::vector<std::string> check_path_segment(std::string_view text) {
  if (text == "." || text == "..") return {fmt::format("may not be '{}'", text)};
  std::vector<std::string> errors;
  for (const char illegal : {'/', '%'})
    if (text.find(illegal) != std::string_view::npos) errors.push_back(fmt::format("may not contain '{}'", illegal));
  return errors;
}

std::vector<std::string> check_port_name(std::string_view text) {
  std::vector<std::string> errors;
  if (text.size() > kPortNameLength) errors.push_back(too_long(kPortNameLength));
  if (text.empty() || !all(text, dns_char))
    errors.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (std::none_of(text.begin(), text.end(), lower_alpha))
    errors.emplace_back("must contain at least one letter (a-z)");
  if (text.find("--") != std::string_view::npos) errors.emplace_back("must not contain consecutive hyphens");
  if (text.starts_with('-') || text.ends_with('-')) errors.emplace_back("must not begin or end with a hyphen");
  return errors;
}

}  // namespace spoke::kube
