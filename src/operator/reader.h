// Reading a document by a person's hand: every member is asked for with its type, and what is of another type is an
// error that names the field ("spec.driver.cores: is "two", must be a whole number"). null is as if it had not been
// written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"

namespace spoke::op {

using Texts = std::map<std::string, std::string>;

// Something in a SparkApplication that cannot be acted upon. `what()` begins with the field.
class InvalidApplication : public Error {
 public:
  InvalidApplication(std::string_view field, std::string_view why);
};

class Reader {
 public:
  // `value` must outlive the reader. Throws where it is there and is no object.
  Reader(const json::value* value, std::string field);

  const std::string& field() const { return field_; }
  bool there() const { return object_ != nullptr; }
  bool has(std::string_view name) const { return member(name) != nullptr; }

  std::optional<std::string> text(std::string_view name) const;
  std::optional<std::int64_t> whole(std::string_view name) const;
  std::optional<bool> flag(std::string_view name) const;
  Texts texts(std::string_view name) const;                    // an object of strings
  std::vector<std::string> list(std::string_view name) const;  // an array of strings
  json::array objects(std::string_view name) const;            // an array of objects
  std::optional<json::value> object(std::string_view name) const;
  Reader child(std::string_view name) const;
  std::vector<Reader> children(std::string_view name) const;  // an array of objects, each to be read

  std::string need_text(std::string_view name) const;  // there and not empty

 private:
  const json::value* member(std::string_view name) const;
  std::string at(std::string_view name) const;
  [[noreturn]] void wrong(std::string_view name, const json::value& is, std::string_view must) const;

  const json::object* object_ = nullptr;
  std::string field_;
};

}  // namespace spoke::op
