#include "kube/schema_formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/strings.h"
#include "kube/pattern.h"

namespace spoke::kube {
namespace {

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int two(std::string_view text, size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); }

bool date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  if (!digits(text.substr(0, 4)) || !digits(text.substr(5, 2)) || !digits(text.substr(8, 2))) return false;
  const int year = two(text, 0) * 100 + two(text, 2), month = two(text, 5), day = two(text, 8);
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day >= 1 && day <= kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool date_time(std::string_view text) {
  static const Pattern time("^[0-9]{2}:[0-9]{2}:[0-9]{2}(.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})$");
  const auto parts = split(lower(text), 't');
  if (parts.size() < 2 || !date(parts[0]) || !time.matches(parts[1])) return false;
  return two(parts[1], 0) <= 23 && two(parts[1], 3) <= 59 && two(parts[1], 6) <= 59;
}

bool ipv4(std::string_view text) {
  in_addr address;
  return inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

bool ipv6(std::string_view text) {
  in6_addr address;
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool cidr(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view length = text.substr(slash + 1);
  if (!digits(length) || length.size() > 3) return false;
  const auto bits = *to_int(length);
  return (ipv4(text.substr(0, slash)) && bits <= 32) || (ipv6(text.substr(0, slash)) && bits <= 128);
}

// Six, eight or twenty octets, as 00:11:22:33:44:55, 00-11-... or 0011.2233.4455.
bool mac(std::string_view text) {
  static const Pattern pattern(
      "(?i)^([0-9a-f]{2}:){5}(([0-9a-f]{2}:){2}|([0-9a-f]{2}:){14})?[0-9a-f]{2}$|"
      "^([0-9a-f]{2}-){5}(([0-9a-f]{2}-){2}|([0-9a-f]{2}-){14})?[0-9a-f]{2}$|"
      "^([0-9a-f]{4}\\.){2}([0-9a-f]{4}\\.|([0-9a-f]{4}\\.){7})?[0-9a-f]{4}$");
  return pattern.matches(text);
}

// One label with at most one dash, behind its first character, or several of which the last has letters only. What is
// beyond ASCII counts as a letter.
bool host_name(std::string_view text) {
  static const Pattern pattern(
      "^([a-zA-Z0-9\\x{80}-\\x{10FFFF}](-?[a-zA-Z0-9\\x{80}-\\x{10FFFF}]{0,62})?|"
      "([a-zA-Z0-9\\x{80}-\\x{10FFFF}]([a-zA-Z0-9\\x{80}-\\x{10FFFF}-]{0,61}[a-zA-Z0-9\\x{80}-\\x{10FFFF}])?\\.)+"
      "[a-zA-Z\\x{80}-\\x{10FFFF}]{2,63})$");
  if (text.size() > 255 || !pattern.matches(text)) return false;
  const auto labels = split(text, '.');
  return std::all_of(labels.begin(), labels.end(), [](const std::string& label) { return label.size() <= 63; });
}

bool uri(std::string_view text) {
  static const Pattern pattern("^([A-Za-z][A-Za-z0-9+.-]*:[^\\x00-\\x20\\x7f]+|/[^\\x00-\\x20\\x7f]*)$");
  return pattern.matches(text);
}

bool email(std::string_view text) {
  static const Pattern pattern("^([^<>]*<)?[^\\s@<>()\\[\\],;:\\\\\"]+@[^\\s@<>()\\[\\],;:\\\\\"]+>?$");
  return pattern.matches(text) &&
         (text.find('<') == std::string_view::npos) == (text.find('>') == std::string_view::npos);
}

// Go's time.ParseDuration, or a number with a unit in Scala's manner somewhere in the text: "5 minutes".
bool duration(std::string_view text) {
  static const Pattern go("^[-+]?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$");
  static const Pattern scala(
      "(?i)[0-9]\\s*(ns|nano[a-zµ]*|us|µs|micro[a-zµ]*|ms|milli[a-zµ]*|s|sec[a-zµ]*|m|min[a-zµ]*|h|hr|"
      "hour[a-zµ]*|"
      "d|day[a-zµ]*|w|wk|week[a-zµ]*)([^a-zµ]|$)");
  return go.matches(text) || scala.matches(text);
}

bool base64_text(std::string_view text) {
  static const Pattern pattern("^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$");
  return pattern.matches(text);
}

bool isbn10(std::string_view text) {
  const std::string plain = replace_all(replace_all(std::string(text), "-", ""), " ", "");
  if (plain.size() != 10 || !digits(std::string_view(plain).substr(0, 9))) return false;
  int sum = 0;
  for (int i = 0; i < 9; ++i) sum += (i + 1) * (plain[i] - '0');
  if (plain[9] == 'X')
    sum += 100;
  else if (digits(plain.substr(9)))
    sum += 10 * (plain[9] - '0');
  else
    return false;
  return sum % 11 == 0;
}

bool isbn13(std::string_view text) {
  const std::string plain = replace_all(replace_all(std::string(text), "-", ""), " ", "");
  if (plain.size() != 13 || !digits(plain)) return false;
  int sum = 0;
  for (int i = 0; i < 12; ++i) sum += (i % 2 == 0 ? 1 : 3) * (plain[i] - '0');
  return plain[12] - '0' == (10 - sum % 10) % 10;
}

// Luhn's sum over the digits, whatever stands between them.
bool credit_card(std::string_view text) {
  static const Pattern pattern(
      "^(4[0-9]{12}([0-9]{3})?|5[1-5][0-9]{14}|6(011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(0[0-5]|[68][0-9])[0-9]{11}|"
      "(2131|1800|35\\d{3})\\d{11})$");
  std::string plain;
  for (const char c : text)
    if (c >= '0' && c <= '9') plain += c;
  if (!pattern.matches(plain)) return false;
  int sum = 0;
  for (size_t i = 0; i < plain.size(); ++i) {
    int digit = plain[plain.size() - 1 - i] - '0';
    if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

using Check = bool (*)(std::string_view);

// Formats are named without their dashes here: "date-time" and "datetime" are one.
const std::map<std::string_view, Check>& checks() {
  static const std::map<std::string_view, Check> all = {
      {"uri", uri},
      {"email", email},
      {"hostname", host_name},
      {"ipv4", ipv4},
      {"ipv6", ipv6},
      {"cidr", cidr},
      {"mac", mac},
      {"isbn", [](std::string_view text) { return isbn10(text) || isbn13(text); }},
      {"isbn10", isbn10},
      {"isbn13", isbn13},
      {"creditcard", credit_card},
      {"byte", base64_text},
      {"password", [](std::string_view) { return true; }},
      {"date", date},
      {"duration", duration},
      {"datetime", date_time},
  };
  return all;
}

const std::map<std::string_view, Pattern>& patterns() {
  static const std::map<std::string_view, Pattern> all = {
      {"bsonobjectid", Pattern("^[0-9a-fA-F]{24}$")},
      {"uuid", Pattern("(?i)^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$")},
      {"uuid3", Pattern("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$")},
      {"uuid4", Pattern("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$")},
      {"uuid5", Pattern("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$")},
      {"ssn", Pattern("^\\d{3}[- ]?\\d{2}[- ]?\\d{4}$")},
      {"hexcolor", Pattern("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")},
      {"rgbcolor", Pattern("^rgb\\(\\s*(\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])\\s*"
                           "(,\\s*(\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])\\s*){2}\\)$")},
  };
  return all;
}

std::string without_dashes(std::string_view format) { return replace_all(std::string(format), "-", ""); }

}  // namespace

bool format_known(std::string_view format) {
  const std::string name = without_dashes(format);
  return checks().contains(name) || patterns().contains(name);
}

bool has_format(std::string_view format, std::string_view text) {
  const std::string name = without_dashes(format);
  if (const auto check = checks().find(name); check != checks().end()) return check->second(text);
  const auto pattern = patterns().find(name);
  return pattern == patterns().end() || pattern->second.matches(text);
}

}  // namespace spoke::kube
