#include "spark/conf.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/strings.h"
#include "spark/memory.h"

namespace spoke::spark {
namespace {

// Older names that SparkConf still reads (SparkConf.configsWithAlternatives), as far as a driver's objects depend on
// them.
struct Alternative {
  std::string_view property;
  std::string_view older;
};
constexpr Alternative kAlternatives[] = {
    {"spark.driver.memoryOverhead", "spark.yarn.driver.memoryOverhead"},
    {"spark.kerberos.keytab", "spark.yarn.keytab"},
    {"spark.kerberos.principal", "spark.yarn.principal"},
};

std::string complaint(std::string_view kind, std::string_view property, std::string_view value, std::string_view why) {
  return fmt::format("[INVALID_CONF_VALUE.{}] The value '{}' in the config \"{}\" is invalid. {} SQLSTATE: 22022", kind,
                     value, property, why);
}

std::optional<std::int64_t> java_int(std::string_view text) {
  const auto value = to_int(text);
  if (!value || *value < std::numeric_limits<std::int32_t>::min() || *value > std::numeric_limits<std::int32_t>::max())
    return std::nullopt;
  return *value;
}

// Java's Double.parseDouble, less hexadecimal floats, NaN and Infinity: no property means anything by those.
std::optional<double> java_double(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (!text.empty() && std::string_view("fFdD").find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  if (text.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

InvalidConf::InvalidConf(std::string property, const std::string& why)
    : Error(why.find(property) == std::string::npos ? property + ": " + why : why), property_(std::move(property)) {}

InvalidConf type_mismatch(std::string_view property, std::string_view value, std::string_view type) {
  const std::string why = fmt::format("It should be a/an '{}' value.", type);
  return {std::string(property), complaint("TYPE_MISMATCH", property, value, why)};
}

InvalidConf unmet_requirement(std::string_view property, std::string_view value, std::string_view requirement) {
  return {std::string(property), complaint("REQUIREMENT", property, value, requirement)};
}

Conf::Conf(Properties properties, Properties environment)
    : properties_(std::move(properties)), environment_(std::move(environment)) {}

void Conf::set(std::string_view property, std::string value) {
  properties_.insert_or_assign(std::string(property), std::move(value));
}

void Conf::set_if_missing(std::string_view property, std::string value) {
  properties_.emplace(property, std::move(value));
}

void Conf::erase(std::string_view property) {
  if (const auto it = properties_.find(property); it != properties_.end()) properties_.erase(it);
}

bool Conf::has(std::string_view property) const { return raw(property).has_value(); }

std::optional<std::string> Conf::raw(std::string_view property) const {
  if (const auto it = properties_.find(property); it != properties_.end()) return it->second;
  for (const auto& alternative : kAlternatives)
    if (alternative.property == property) return raw(alternative.older);
  return std::nullopt;
}

std::string Conf::raw(std::string_view property, std::string_view otherwise) const {
  return raw(property).value_or(std::string(otherwise));
}

Properties Conf::with_prefix(std::string_view prefix) const {
  Properties found;
  for (auto it = properties_.lower_bound(prefix); it != properties_.end() && it->first.starts_with(prefix); ++it)
    found.emplace(it->first.substr(prefix.size()), it->second);
  return found;
}

std::optional<std::string> Conf::env(std::string_view name) const {
  const auto it = environment_.find(name);
  return it == environment_.end() ? std::nullopt : std::optional(it->second);
}

// ConfigReader.substitute: ${spark.name} and ${env:NAME}; what is not known stays as it stands. Spark knows no measure
// here: it comes to grief by itself alone, where a program that serves others would take them along.
std::string Conf::resolve(std::string_view text, Resolution& state) const {
  constexpr size_t kDeepest = 100, kLongest = 4U << 20;
  auto& under_way = state.under_way;
  std::string out;
  for (;;) {
    const auto open = text.find("${");
    const auto close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) return out.append(text);
    out += text.substr(0, open);
    const std::string_view reference = text.substr(open, close + 1 - open);
    const std::string name(reference.substr(2, reference.size() - 3));
    text.remove_prefix(close + 1);
    if (std::find(under_way.begin(), under_way.end(), name) != under_way.end())
      throw InvalidConf(name, fmt::format("Circular reference in {}: {}", reference, name));
    std::optional<std::string> value;
    if (name.starts_with("env:"))
      value = env(std::string_view(name).substr(4));
    else if (name.starts_with("system:"))
      value = env(name);
    else if (name.starts_with("spark."))
      value = raw(name);
    if (!value) {
      out += reference;
      continue;
    }
    under_way.push_back(name);
    if (under_way.size() > kDeepest || --state.left < 0)
      throw InvalidConf(under_way.front(), "its references lead too far, from one property to the next");
    out += resolve(*value, state);
    if (out.size() > kLongest) throw InvalidConf(under_way.front(), "is too long with all that it refers to");
    under_way.pop_back();
  }
}

std::optional<std::string> Conf::text(std::string_view property) const {
  const auto written = raw(property);
  if (!written) return std::nullopt;
  Resolution state{.under_way = {std::string(property)}};
  return resolve(*written, state);
}

std::string Conf::text(std::string_view property, std::string_view otherwise) const {
  return text(property).value_or(std::string(otherwise));
}

bool Conf::flag(std::string_view property, bool otherwise) const {
  const auto value = text(property);
  if (!value) return otherwise;
  const std::string word = lower(trim(*value));
  if (word == "true") return true;
  if (word == "false") return false;
  throw type_mismatch(property, *value, "boolean");
}

std::int64_t Conf::integer(std::string_view property, std::int64_t otherwise) const {
  const auto value = text(property);
  if (!value) return otherwise;
  const auto number = java_int(trim(*value));
  if (!number) throw type_mismatch(property, *value, "int");
  return *number;
}

double Conf::number(std::string_view property, double otherwise) const {
  const auto value = text(property);
  if (!value) return otherwise;
  const auto number = java_double(trim(*value));
  if (!number) throw type_mismatch(property, *value, "double");
  return *number;
}

// JavaUtils.timeStringAs.
Duration Conf::time(std::string_view property, Duration unit, Duration otherwise) const {
  const auto value = text(property);
  if (!value) return otherwise;
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> kUnits = {{{"us", 1},
                                                                                {"ms", 1000},
                                                                                {"s", 1000000},
                                                                                {"m", 60000000},
                                                                                {"min", 60000000},
                                                                                {"h", 3600000000},
                                                                                {"d", 86400000000}}};
  const std::string word = lower(trim(*value));
  const auto end = std::min(word.find_first_not_of("0123456789", word.starts_with('-') ? 1 : 0), word.size());
  const auto amount = to_int(std::string_view(word).substr(0, end));
  const std::string_view suffix = std::string_view(word).substr(end);
  std::int64_t scale = suffix.empty() ? unit.count() : 0;
  for (const auto& [name, microseconds] : kUnits)
    if (suffix == name) scale = microseconds;
  std::int64_t product = 0;
  if (!amount || scale == 0 || __builtin_mul_overflow(*amount, scale, &product))
    throw InvalidConf(std::string(property),
                      fmt::format("Failed to parse time string: {}. Time must be specified as seconds (s), "
                                  "milliseconds (ms), microseconds (us), minutes (m "
                                  "or min), hour (h), or day (d). E.g. 50s, 100ms, or 250us (in {})",
                                  *value, property));
  return Duration(product);
}

std::optional<std::int64_t> Conf::mebibytes(std::string_view property, bool iec_suffixes) const {
  const auto value = text(property);
  if (!value) return std::nullopt;
  const bool negative = value->starts_with('-');  // ConfigHelpers.byteFromString
  const auto amount = parse_memory(std::string_view(*value).substr(negative ? 1 : 0), Unit::Mebibytes, iec_suffixes);
  if (!amount) throw type_mismatch(property, *value, "bytes in MiB");
  return negative ? -*amount : *amount;
}

std::int64_t Conf::bytes(std::string_view property, std::int64_t otherwise) const {
  const auto value = text(property);
  if (!value) return otherwise;
  const auto number = to_int(trim(*value));
  if (!number) throw type_mismatch(property, *value, "long");
  return *number;
}

std::vector<std::string> Conf::list(std::string_view property) const {
  std::vector<std::string> items;
  for (const auto& item : split(text(property, ""), ','))
    if (const auto word = trim(item); !word.empty()) items.emplace_back(word);
  return items;
}

std::string Conf::one_of(std::string_view property, std::initializer_list<std::string_view> values,
                         std::string_view otherwise) const {
  const std::string value = text(property, otherwise);
  if (std::find(values.begin(), values.end(), value) != values.end()) return value;
  throw InvalidConf(std::string(property),
                    complaint("OUT_OF_RANGE_OF_OPTIONS", property, value,
                              fmt::format("It should be one of '{}'.", fmt::join(values, ", "))));
}

std::int64_t Conf::plain_integer(std::string_view property, std::int64_t otherwise) const {
  const auto value = raw(property);
  if (!value) return otherwise;
  const auto number = java_int(*value);
  if (!number)
    throw InvalidConf(std::string(property),
                      fmt::format("Illegal value for config key {}: For input string: \"{}\"", property, *value));
  return *number;
}

}  // namespace spoke::spark
