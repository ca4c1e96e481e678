#include "kube/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "base/strings.h"

namespace spoke::kube {
namespace {

enum class Format { DecimalSI, DecimalExponent, BinarySI };

// ±digits × 10^exponent; digits hold no leading zeros, and are empty for zero.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;

  bool zero() const { return digits.empty(); }
};

struct Parsed {
  Decimal amount;
  Format format = Format::DecimalSI;
  bool keep_text = false;  // the text is what Kubernetes holds to be canonical already
};

struct Suffix {
  int base = 10;
  std::int32_t exponent = 0;
  Format format = Format::DecimalSI;
};

constexpr std::array<std::pair<std::string_view, int>, 10> kDecimalSuffixes{
    {{"n", -9}, {"u", -6}, {"m", -3}, {"", 0}, {"k", 3}, {"M", 6}, {"G", 9}, {"T", 12}, {"P", 15}, {"E", 18}}};
constexpr std::array<std::pair<std::string_view, int>, 6> kBinarySuffixes{
    {{"Ki", 10}, {"Mi", 20}, {"Gi", 30}, {"Ti", 40}, {"Pi", 50}, {"Ei", 60}}};

constexpr std::string_view kFormatWrong =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
constexpr std::string_view kNumericWrong = "unable to parse numeric part of quantity";
constexpr std::string_view kSuffixWrong = "unable to parse quantity's suffix";

constexpr std::string_view kMaxInt64 = "9223372036854775807";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

std::optional<Suffix> read_suffix(std::string_view text) {
  for (const auto& [suffix, exponent] : kDecimalSuffixes)
    if (suffix == text) return Suffix{10, exponent, Format::DecimalSI};
  for (const auto& [suffix, exponent] : kBinarySuffixes)
    if (suffix == text) return Suffix{2, exponent, Format::BinarySI};
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  const auto exponent = to_int(text.substr(1));
  if (!exponent) return std::nullopt;
  return Suffix{10, static_cast<std::int32_t>(*exponent), Format::DecimalExponent};  // wraps, as Go's int32()
}

void strip_leading_zeros(std::string& digits) {
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
}

void times_power_of_two(std::string& digits, int power) {
  const auto factor = std::uint64_t{1} << power;
  unsigned __int128 carry = 0;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it) {
    carry += static_cast<unsigned __int128>(factor) * static_cast<unsigned>(*it - '0');
    *it = static_cast<char>('0' + static_cast<int>(carry % 10));
    carry /= 10;
  }
  std::string head;
  for (; carry > 0; carry /= 10) head.insert(head.begin(), static_cast<char>('0' + static_cast<int>(carry % 10)));
  digits.insert(0, head);
}

// Away from zero, to a multiple of 10^exponent. Whether nothing was lost.
bool round_up(Decimal& d, std::int64_t exponent) {
  if (d.zero() || d.exponent >= exponent) return true;
  const auto drop = static_cast<std::uint64_t>(exponent - d.exponent);
  const size_t kept = drop >= d.digits.size() ? 0 : d.digits.size() - drop;
  const bool exact = d.digits.find_first_not_of('0', kept) == std::string::npos;
  d.digits.resize(kept);
  d.exponent = exponent;
  if (exact) return true;
  auto it = d.digits.rbegin();
  for (; it != d.digits.rend() && *it == '9'; ++it) *it = '0';
  if (it == d.digits.rend())
    d.digits.insert(d.digits.begin(), '1');
  else
    ++*it;
  return false;
}

// The whole part's digits, or nothing where there are more than `most` of them.
std::optional<std::string> whole_digits(const Decimal& d, size_t most) {
  if (d.zero()) return "";
  const std::int64_t length = static_cast<std::int64_t>(d.digits.size()) + d.exponent;
  if (length > static_cast<std::int64_t>(most)) return std::nullopt;
  if (length <= 0) return "";
  std::string out = d.digits.substr(0, static_cast<size_t>(length));
  out.resize(static_cast<size_t>(length), '0');
  return out;
}

bool above_max_int64(const Decimal& d) {
  const auto whole = whole_digits(d, kMaxInt64.size());
  if (!whole) return true;
  if (whole->size() != kMaxInt64.size() || *whole < kMaxInt64) return whole->size() > kMaxInt64.size();
  if (*whole > kMaxInt64) return true;
  return d.exponent < 0 && d.digits.find_first_not_of('0', whole->size()) != std::string::npos;
}

// ParseQuantity. It accepts more than its regular expression says ("-" is zero), and so must we.
std::optional<Parsed> read(std::string_view text, std::string_view& why) {
  why = kFormatWrong;
  if (text.empty()) return std::nullopt;
  std::string_view rest = text;
  const bool negative = rest[0] == '-';
  if (negative || rest[0] == '+') rest.remove_prefix(1);
  rest.remove_prefix(std::min(rest.find_first_not_of('0'), rest.size()));
  if (rest.empty()) return Parsed{};
  const std::string_view integer = take_digits(rest);
  std::string_view fraction;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
  }
  const std::string_view number = text.substr(0, text.size() - rest.size());
  const std::string_view suffix_text = rest;
  rest.remove_prefix(std::min(rest.find_first_not_of("eEinumkKMGTP"), rest.size()));
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  take_digits(rest);
  if (!rest.empty()) return std::nullopt;
  const auto suffix = read_suffix(suffix_text);
  if (!suffix) {
    why = kSuffixWrong;
    return std::nullopt;
  }

  Parsed out{.amount = {negative, std::string(integer) + std::string(fraction), 0}, .format = suffix->format};
  Decimal& amount = out.amount;
  amount.exponent = -static_cast<std::int64_t>(fraction.size()) + (suffix->base == 10 ? suffix->exponent : 0);

  // Go computes what fits 18 digits with int64s, and keeps the text of what looks canonical; the rest goes through big
  // numbers. Both arrive at the same form but for that text.
  const std::int64_t length = static_cast<std::int64_t>(std::max<size_t>(integer.size(), 1) + fraction.size());
  const bool binary = suffix->format == Format::BinarySI;
  const bool small =
      binary ? fraction.empty() && 14 - length - suffix->exponent * 3 / 10 >= 0 : length <= 18 && amount.exponent >= -9;
  if (small) {
    std::int64_t value = 0;
    std::from_chars(amount.digits.data(), amount.digits.data() + amount.digits.size(), value);
    out.keep_text =
        binary ? (value & 7) != 0 : amount.exponent % 3 == 0 && !integer.empty() && !amount.digits.ends_with("000");
  } else if (std::none_of(number.begin(), number.end(), is_digit)) {
    why = kNumericWrong;
    return std::nullopt;
  }

  strip_leading_zeros(amount.digits);
  if (amount.zero()) return out;
  if (small) {
    if (binary) times_power_of_two(amount.digits, suffix->exponent);
    return out;
  }
  if (binary) times_power_of_two(amount.digits, suffix->exponent);
  round_up(amount, -9);
  if (binary && above_max_int64(amount)) amount = {negative, std::string(kMaxInt64), 0};
  return out;
}

// The magnitude of a quantity between -1024 and 1024 is shown in decimals, whatever it was written in.
bool below_1024(const Decimal& d) {
  const auto whole = whole_digits(d, 4);
  return whole && (whole->size() < 4 || *whole < "1024");
}

std::string form_binary(const Decimal& whole) {
  // At most 2^63-1: larger ones were capped.
  const std::string digits = whole_digits(whole, kMaxInt64.size()).value_or(std::string(kMaxInt64));
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  size_t times = 0;
  for (; value % 1024 == 0 && times < kBinarySuffixes.size(); ++times) value /= 1024;
  return std::to_string(value) + (times > 0 ? std::string(kBinarySuffixes[times - 1].first) : "");
}

std::string form_decimal(Decimal d, Format format) {
  const auto last = d.digits.find_last_not_of('0');
  d.exponent += static_cast<std::int64_t>(d.digits.size() - last - 1);
  d.digits.resize(last + 1);
  for (; d.exponent % 3 != 0; --d.exponent) d.digits += '0';
  if (format == Format::DecimalExponent)
    return d.exponent == 0 ? d.digits : d.digits + "e" + std::to_string(d.exponent);
  // Beyond E there is no suffix, and Kubernetes writes none: 1000E becomes 1.
  const auto suffix = std::find_if(kDecimalSuffixes.begin(), kDecimalSuffixes.end(),
                                   [&](const auto& s) { return s.second == d.exponent; });
  return suffix == kDecimalSuffixes.end() ? d.digits : d.digits + std::string(suffix->first);
}

std::string form(const Parsed& parsed) {
  const Decimal& amount = parsed.amount;
  if (amount.zero()) return "0";
  const std::string sign = amount.negative ? "-" : "";
  if (parsed.format == Format::BinarySI) {
    Decimal whole = amount;
    if (!below_1024(amount) && round_up(whole, 0)) return sign + form_binary(whole);
    return sign + form_decimal(amount, Format::DecimalSI);
  }
  return sign + form_decimal(amount, parsed.format);
}

// Away from zero, within an int64.
std::int64_t divided(__int128 value, std::int64_t by) {
  const __int128 quotient = value / by + (value % by > 0 ? 1 : 0) - (value % by < 0 ? 1 : 0);
  return static_cast<std::int64_t>(std::clamp<__int128>(quotient, std::numeric_limits<std::int64_t>::min(),
                                                        std::numeric_limits<std::int64_t>::max()));
}

}  // namespace

std::optional<Quantity> Quantity::parse(std::string_view text) {
  std::string_view why;
  auto parsed = read(trim(text), why);
  if (!parsed) return std::nullopt;
  Decimal& amount = parsed->amount;
  if (above_max_int64(amount)) amount = {amount.negative, std::string(kMaxInt64), 0};
  amount.exponent += 9;
  round_up(amount, 0);
  __int128 nanos = 0;
  for (const char c : whole_digits(amount, kMaxInt64.size() + 9).value_or("")) nanos = nanos * 10 + (c - '0');
  return Quantity(amount.negative ? -nanos : nanos);
}

std::int64_t Quantity::value() const { return divided(nanos_, kNano); }
std::int64_t Quantity::milli() const { return divided(nanos_, kNano / 1000); }

std::optional<std::string> Quantity::canonical(std::string_view text) {
  std::string_view why;
  const auto parsed = read(trim(text), why);
  if (!parsed) return std::nullopt;
  return parsed->keep_text ? std::string(trim(text)) : form(*parsed);
}

std::string_view Quantity::refusal(std::string_view text) {
  std::string_view why;
  return read(trim(text), why) ? std::string_view() : why;
}

}  // namespace spoke::kube
