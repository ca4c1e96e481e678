// Quantities as in resources: "500m", "1Gi", "1.5", "1e3". Source: k8s.io/apimachinery/pkg/api/resource.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spoke::kube {

class Quantity {
 public:
  Quantity() = default;
  // Nothing where the text is no quantity. Blanks around it do not count. Below a nano it is rounded up, away from
  // zero; beyond ±(2^63-1) it is capped.
  static std::optional<Quantity> parse(std::string_view text);
  static Quantity of(std::int64_t value) { return Quantity(static_cast<__int128>(value) * kNano); }
  static Quantity of_milli(std::int64_t value) { return Quantity(static_cast<__int128>(value) * (kNano / 1000)); }

  std::int64_t value() const;  // rounded up, as Quantity.Value()
  std::int64_t milli() const;  // thousandths, rounded up, as Quantity.MilliValue()
  bool zero() const { return nanos_ == 0; }
  bool negative() const { return nanos_ < 0; }

  Quantity operator+(const Quantity& other) const { return Quantity(nanos_ + other.nanos_); }
  Quantity operator-(const Quantity& other) const { return Quantity(nanos_ - other.nanos_); }
  auto operator<=>(const Quantity& other) const { return nanos_ <=> other.nanos_; }
  bool operator==(const Quantity& other) const { return nanos_ == other.nanos_; }

  // The canonical form of a quantity that was written as `text` ("1024Mi" -> "1Gi", "0.5" -> "500m", "1000" -> "1k"),
  // or nothing where `text` is no quantity. This is what an API server stores.
  static std::optional<std::string> canonical(std::string_view text);

  // Why `text` is no quantity, in apimachinery's words ("quantities must match the regular expression ..."), or "".
  static std::string_view refusal(std::string_view text);

 private:
  static constexpr std::int64_t kNano = 1'000'000'000;
  explicit Quantity(__int128 nanos) : nanos_(nanos) {}
  __int128 nanos_ = 0;
};

}  // namespace spoke::kube
