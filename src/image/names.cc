#include "image/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "image/image_store.h"

namespace spoke::image {
namespace {

constexpr size_t max_repository = 255;
constexpr size_t max_tag = 128;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_word(char c) { return is_lower_or_digit(c) || is_upper(c) || c == '_'; }

// Lower-case letters and digits, with single '.' or '_', double '_' or any number of '-' between them.
bool is_path_component(std::string_view text) {
  if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
  for (size_t i = 0; i < text.size();) {
    if (is_lower_or_digit(text[i])) {
      ++i;
      continue;
    }
    const size_t end = std::min(text.find_first_not_of(text[i], i), text.size());
    const size_t run = end - i;
    if (!is_lower_or_digit(text[end])) return false;
    const bool fits = text[i] == '-' || (text[i] == '.' && run == 1) || (text[i] == '_' && run <= 2);
    if (!fits) return false;
    i = end;
  }
  return true;
}

bool is_domain(std::string_view text) {
  std::string_view host = text;
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos && text.back() != ']') {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) return false;
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']'))  // IPv6
    return host.size() > 2 &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos;
  for (const std::string& label : split(host, '.')) {
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    if (!std::ranges::all_of(label, [](char c) { return is_lower_or_digit(c) || is_upper(c) || c == '-'; }))
      return false;
  }
  return true;
}

// Docker's rule for telling "host/name" from "user/name".
bool looks_like_domain(std::string_view first) {
  return first.find_first_of(".:") != std::string_view::npos || first == "localhost" || first == "local" ||
         std::ranges::any_of(first, is_upper);
}

[[noreturn]] void invalid(std::string_view text, std::string_view why) {
  throw InvalidImageName(fmt::format("couldn't parse image name \"{}\": {}", text, why));
}

std::string read_repository(std::string_view text, std::string_view whole) {
  const auto slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  const bool has_domain = slash != std::string_view::npos && looks_like_domain(first);
  std::string domain(has_domain ? first : "docker.io");
  std::string path(has_domain ? text.substr(slash + 1) : text);
  if (has_domain && !is_domain(first)) invalid(whole, fmt::format("\"{}\" is not the name of a registry", first));
  if (domain == "index.docker.io") domain = "docker.io";
  for (const std::string& component : split(path, '/')) {
    if (is_path_component(component)) continue;
    if (std::ranges::any_of(component, is_upper)) invalid(whole, "repository name must be lowercase");
    invalid(whole, "invalid reference format; a name is lower-case words with - _ . between, parted by /");
  }
  if (domain == "docker.io" && path.find('/') == std::string::npos) path = "library/" + path;
  return domain + "/" + path;
}

}  // namespace

bool is_digest(std::string_view text) {
  constexpr std::string_view algorithm = "sha256:";
  return text.size() == algorithm.size() + 64 && text.starts_with(algorithm) &&
         text.find_first_not_of("0123456789abcdef", algorithm.size()) == std::string_view::npos;
}

std::string Reference::str() const {
  return repository + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

Reference parse_reference(std::string_view text) {
  Reference reference;
  std::string_view name = text;
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    reference.digest = name.substr(at + 1);
    if (!is_digest(reference.digest)) invalid(text, "a digest is sha256: and 64 hexadecimal digits");
    name = name.substr(0, at);
  }
  const auto colon = name.rfind(':');
  if (colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) {
    const std::string_view tag = name.substr(colon + 1);
    const bool fits = !tag.empty() && tag.size() <= max_tag && is_word(tag.front()) &&
                      std::ranges::all_of(tag, [](char c) { return is_word(c) || c == '.' || c == '-'; });
    if (!fits) invalid(text, "a tag is letters, digits, _ . -, at most 128, and begins with a letter, a digit or _");
    reference.tag = tag;
    name = name.substr(0, colon);
  }
  if (name.empty()) invalid(text, "it is empty");
  reference.repository = read_repository(name, text);
  if (reference.repository.size() > max_repository) invalid(text, "a name has at most 255 characters");
  if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
  return reference;
}

std::optional<Reference> apply_alias(const Reference& reference, const std::map<std::string, std::string>& aliases) {
  if (!reference.digest.empty()) return std::nullopt;
  for (const auto& [from, to] : aliases) {
    if (parse_reference(from).repository != reference.repository) continue;
    return Reference{parse_reference(to).repository, reference.tag, ""};
  }
  return std::nullopt;
}

}  // namespace spoke::image
