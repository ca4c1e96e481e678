// Spark properties: names and values as text, with readers that judge a value as Spark's ConfigEntry does.
//
// Two ways of reading, as in SparkConf: raw() gives what was written; the typed readers first replace references,
// ${spark.other.property} and ${env:NAME}, and then parse. What they refuse, they refuse in Spark's words: those
// of INVALID_CONF_VALUE (Spark 4.1 and newer), for every version.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace spoke::spark {

using Properties = std::map<std::string, std::string, std::less<>>;

// A property that cannot be used. what() is Spark's own message where Spark has one, and always names the property.
class InvalidConf : public Error {
 public:
  InvalidConf(std::string property, const std::string& why);
  const std::string& property() const { return property_; }

 private:
  std::string property_;
};

class Conf {
 public:
  Conf() = default;
  // `environment` is what ${env:NAME} and SparkConf.getenv see: the submitter's. An entry system:NAME is what
  // ${system:NAME} stands for, a property of Java's.
  explicit Conf(Properties properties, Properties environment = {});

  const Properties& all() const { return properties_; }
  void set(std::string_view property, std::string value);
  void set_if_missing(std::string_view property, std::string value);
  void erase(std::string_view property);

  bool has(std::string_view property) const;
  std::optional<std::string> raw(std::string_view property) const;
  std::string raw(std::string_view property, std::string_view otherwise) const;
  Properties with_prefix(std::string_view prefix) const;  // the names without the prefix, the values as written
  std::optional<std::string> env(std::string_view name) const;

  std::optional<std::string> text(std::string_view property) const;
  std::string text(std::string_view property, std::string_view otherwise) const;
  bool flag(std::string_view property, bool otherwise) const;
  std::int64_t integer(std::string_view property, std::int64_t otherwise) const;  // 32 bits, as Java's int
  // "1s", "100ms", "5min"; a plain number is so many of `unit`.
  Duration time(std::string_view property, Duration unit, Duration otherwise) const;
  double number(std::string_view property, double otherwise) const;
  std::optional<std::int64_t> mebibytes(std::string_view property, bool iec_suffixes) const;  // a plain number is MiB
  std::int64_t bytes(std::string_view property, std::int64_t otherwise) const;                // a number without a unit
  std::vector<std::string> list(
      std::string_view property) const;  // commas between, blanks around dropped, no empty items
  std::string one_of(std::string_view property, std::initializer_list<std::string_view> values,
                     std::string_view otherwise) const;
  // SparkConf.getInt: no references, and the words of Java's NumberFormatException.
  std::int64_t plain_integer(std::string_view property, std::int64_t otherwise) const;

 private:
  // What is under way of a text's references, and how many more there may be.
  struct Resolution {
    std::vector<std::string> under_way;
    int left = 10000;
  };
  std::string resolve(std::string_view text, Resolution& state) const;

  Properties properties_;
  Properties environment_;
};

// The messages of INVALID_CONF_VALUE.{TYPE_MISMATCH, REQUIREMENT}.
InvalidConf type_mismatch(std::string_view property, std::string_view value, std::string_view type);
InvalidConf unmet_requirement(std::string_view property, std::string_view value, std::string_view requirement);

}  // namespace spoke::spark
