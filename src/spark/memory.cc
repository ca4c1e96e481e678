#include "spark/memory.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/strings.h"
#include "spark/conf.h"

namespace spoke::spark {
namespace {

constexpr std::int64_t kMinOverheadMib = 384;  // ResourceProfile.MEMORY_OVERHEAD_MIN_MIB
constexpr double kJvmFactor = 0.1;
constexpr double kOtherFactor = 0.4;  // NON_JVM_MEMORY_OVERHEAD_FACTOR

// Powers of 1024.
std::optional<int> exponent(std::string_view suffix, bool iec) {
  constexpr std::string_view letters = "bkmgtp";
  if (suffix.empty()) return std::nullopt;
  const auto at = letters.find(suffix[0]);
  const std::string_view rest = suffix.substr(1);
  const bool known = rest.empty() || (at > 0 && (rest == "b" || (iec && (rest == "i" || rest == "ib"))));
  return at == std::string_view::npos || !known ? std::nullopt : std::optional(static_cast<int>(at));
}

double checked_factor(const Conf& conf, std::string_view property, double otherwise, bool zero_allowed,
                      std::string_view requirement) {
  const double factor = conf.number(property, otherwise);
  if (factor < 0 || (factor == 0 && !zero_allowed)) throw unmet_requirement(property, java_text(factor), requirement);
  return factor;
}

}  // namespace

std::optional<std::int64_t> parse_memory(std::string_view text, Unit unit, bool iec) {
  const std::string word = lower(trim(text));
  const auto digits = std::min(word.find_first_not_of("0123456789"), word.size());
  std::int64_t amount = 0;
  if (std::from_chars(word.data(), word.data() + digits, amount).ec != std::errc()) return std::nullopt;
  const int wanted = unit == Unit::Mebibytes ? 2 : 0;
  const auto given =
      digits == word.size() ? std::optional(wanted) : exponent(std::string_view(word).substr(digits), iec);
  if (!given) return std::nullopt;
  for (int e = *given; e < wanted; ++e) amount /= 1024;
  for (int e = *given; e > wanted; --e) {
    if (amount > std::numeric_limits<std::int64_t>::max() / 1024) return std::nullopt;
    amount *= 1024;
  }
  return amount;
}

std::string java_text(double number) {
  std::array<char, 64> buffer;
  const double size = std::abs(number);
  const bool plain = size == 0 || (size >= 1e-3 && size < 1e7);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, format).ptr;
  std::string text(buffer.data(), end);
  if (plain) return text.find('.') == std::string::npos ? text + ".0" : text;
  const auto e = text.find('e');
  std::string mantissa = text.substr(0, e);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  int power = 0;
  const size_t sign = text[e + 1] == '+' ? 1 : 0;
  std::from_chars(text.data() + e + 1 + sign, text.data() + text.size(), power);
  return mantissa + "E" + std::to_string(power);
}

namespace {

// What `role` ("driver", "executor") gets beyond its heap.
std::int64_t overhead_mib(const Conf& conf, const Rules& rules, const std::string& role, std::int64_t heap_mib,
                          double default_factor) {
  const std::string prefix = "spark." + role + ".";
  const double factor =
      checked_factor(conf, prefix + "memoryOverheadFactor", default_factor, !conf.has(prefix + "memoryOverheadFactor"),
                     "Ensure that memory overhead is a double greater than 0");
  const std::int64_t least =
      rules.min_memory_overhead
          ? conf.mebibytes(prefix + "minMemoryOverhead", rules.iec_suffixes).value_or(kMinOverheadMib)
          : kMinOverheadMib;
  // Scala's Double.toInt: towards zero, and no further than an int goes.
  const double scaled = std::min(factor * static_cast<double>(heap_mib), 2147483647.0);
  return conf.mebibytes(prefix + "memoryOverhead", rules.iec_suffixes)
      .value_or(std::max(static_cast<std::int64_t>(scaled), least));
}

double default_factor(const Conf& conf, bool jvm) {
  return checked_factor(conf, "spark.kubernetes.memoryOverheadFactor", jvm ? kJvmFactor : kOtherFactor, true,
                        "Ensure that memory overhead is non-negative");
}

}  // namespace

DriverMemory driver_memory(const Conf& conf, const Rules& rules, bool jvm) {
  DriverMemory memory;
  memory.heap_mib = conf.mebibytes("spark.driver.memory", rules.iec_suffixes).value_or(1024);
  memory.default_factor = default_factor(conf, jvm);
  memory.overhead_mib = overhead_mib(conf, rules, "driver", memory.heap_mib, memory.default_factor);
  return memory;
}

std::int64_t executor_memory_mib(const Conf& conf, const Rules& rules, bool jvm, bool python) {
  constexpr std::int64_t kMebibyte = 1024 * 1024;
  const std::int64_t heap = conf.mebibytes("spark.executor.memory", rules.iec_suffixes).value_or(1024);
  std::int64_t out = heap + overhead_mib(conf, rules, "executor", heap, default_factor(conf, jvm));
  if (python) out += conf.mebibytes("spark.executor.pyspark.memory", rules.iec_suffixes).value_or(0);
  if (conf.flag("spark.memory.offHeap.enabled", false)) out += conf.bytes("spark.memory.offHeap.size", 0) / kMebibyte;
  return out;
}

}  // namespace spoke::spark
