// Built-in kinds' values against their fields' types, as Go's decoder (sigs.k8s.io/json) finds and words it.

#include <fmt/format.h>

#include <limits>

#include "base/strings.h"
#include "kube/go_text.h"
#include "kube/quantity.h"
#include "kube/schema.h"

namespace spoke::kube {
namespace {

using Type = Schema::Type;

std::string_view json_type(const json::value& v) {
  switch (v.kind()) {
    case boost::json::kind::bool_: return "bool";
    case boost::json::kind::string: return "string";
    case boost::json::kind::array: return "array";
    case boost::json::kind::object: return "object";
    case boost::json::kind::null: return "null";
    default: return "number";
  }
}

// What time.Parse says of a text that is no RFC 3339 time; nothing where it is one.
std::optional<std::string> time_problem(std::string_view text) {
  constexpr std::string_view layout = "2006-01-02T15:04:05Z07:00";
  const auto cannot = [&](std::string_view rest, std::string_view part) {
    return fmt::format("parsing time {} as {}: cannot parse {} as {}", go_quoted(text), go_quoted(layout),
                       go_quoted(rest), go_quoted(part));
  };
  const auto out_of_range = [&](std::string_view what) {
    return fmt::format("parsing time {}: {} out of range", go_quoted(text), what);
  };
  std::string_view rest = text;
  int values[6] = {};
  static constexpr std::string_view kParts[] = {"2006", "01", "02", "15", "04", "05"};
  static constexpr std::string_view kAfter[] = {"-", "-", "T", ":", ":", ""};
  static constexpr std::string_view kNames[] = {"year", "month", "day", "hour", "minute", "second"};
  for (int i = 0; i < 6; ++i) {
    const size_t width = kParts[i].size();
    const auto value = to_int(rest.substr(0, std::min(width, rest.size())));
    if (rest.size() < width || !value || rest[0] == '+' || rest[0] == '-') return cannot(rest, kParts[i]);
    values[i] = static_cast<int>(*value);
    if ((i == 1 && (values[1] < 1 || values[1] > 12)) || (i == 3 && values[3] > 23) || (i >= 4 && values[i] > 59))
      return out_of_range(kNames[i]);
    rest.remove_prefix(width);
    if (!rest.starts_with(kAfter[i])) return cannot(rest, kAfter[i]);
    rest.remove_prefix(kAfter[i].size());
  }
  if (rest.size() > 1 && (rest[0] == '.' || rest[0] == ',') && std::isdigit(static_cast<unsigned char>(rest[1]))) {
    rest.remove_prefix(1);
    while (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest[0]))) rest.remove_prefix(1);
  }
  const bool zulu = rest.starts_with('Z');
  const bool offset = rest.size() >= 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' &&
                      to_int(rest.substr(1, 2)) && to_int(rest.substr(4, 2));
  if (!zulu && !offset) return cannot(rest, "Z07:00");
  rest.remove_prefix(zulu ? 1 : 6);
  if (!rest.empty()) return fmt::format("parsing time {}: extra text: {}", go_quoted(text), go_quoted(rest));
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (values[0] % 4 == 0 && values[0] % 100 != 0) || values[0] % 400 == 0;
  const int days = kDays[values[1] - 1] + (values[1] == 2 && leap ? 1 : 0);
  if (values[2] < 1 || values[2] > days) return out_of_range("day");
  return std::nullopt;
}

// Where the first character is that base64 does not take, as encoding/base64 counts; nothing where the text is base64.
std::optional<size_t> base64_problem(std::string_view text) {
  if (from_base64(text)) return std::nullopt;
  size_t at = 0;
  while (at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '+' || text[at] == '/'))
    ++at;
  return at == text.size() ? at - at % 4 : at;
}

class Decoder {
 public:
  explicit Decoder(const Schema& root) : root_(root) {}

  // A type with its own decoder stops all; of the rest the first problem is told once all has been read.
  std::optional<std::string> run(const json::value& value) { return decode(root_, value) ? first_ : stopped_; }

 private:
  // Whether to go on.
  bool decode(const Schema& schema, const json::value& value) {
    if (value.is_null()) return true;
    switch (schema.type) {
      case Type::Any: return true;
      case Type::Object:
        return value.is_object() ? members(schema, value.get_object()) : mismatch(schema.go_type, value);
      case Type::Map:
        if (!value.is_object()) return mismatch(schema.go_type, value);
        for (const auto& member : value.get_object())
          if (!decode(*schema.items, member.value())) return false;
        return true;
      case Type::List:
        if (!value.is_array()) return mismatch(schema.go_type, value);
        for (const auto& item : value.get_array())
          if (!decode(*schema.items, item)) return false;
        return true;
      case Type::String: return value.is_string() || mismatch(schema.go_type, value);
      case Type::Boolean: return value.is_bool() || mismatch(schema.go_type, value);
      case Type::Number: return value.is_number() || mismatch(schema.go_type, value);
      case Type::Integer: return integer(schema.go_type, value);
      case Type::Bytes: return bytes(value);
      case Type::IntOrString: return value.is_string() || integer("int32", value, true);
      case Type::Quantity: return quantity(value);
      case Type::Time: return time(value);
    }
    return true;
  }

  bool members(const Schema& schema, const json::object& object) {
    const Schema* outer = struct_;
    const size_t length = path_.size();
    for (const auto& [name, value] : object) {
      const auto property = schema.properties.find(name);
      if (property == schema.properties.end()) continue;
      struct_ = &schema;
      if (!path_.empty()) path_ += '.';
      path_ += name;
      if (!decode(*property->second, value)) return false;
      path_.resize(length);
      struct_ = outer;
    }
    return true;
  }

  bool integer(std::string_view go_type, const json::value& value, bool own_decoder = false) {
    const std::int64_t most =
        go_type == "int32" ? std::numeric_limits<std::int32_t>::max() : std::numeric_limits<std::int64_t>::max();
    if (value.is_int64() && value.get_int64() <= most && value.get_int64() >= -most - 1) return true;
    std::string text = mismatch_text(go_type, value,
                                     value.is_number() ? "number " + go_printed(value) : std::string(json_type(value)));
    return own_decoder ? stop(std::move(text)) : note(std::move(text));
  }

  bool bytes(const json::value& value) {
    if (!value.is_string()) return mismatch("[]uint8", value);
    const auto at = base64_problem(value.get_string());
    return !at || note(fmt::format("illegal base64 data at input byte {}", *at));
  }

  bool quantity(const json::value& value) {
    if (value.is_number()) return true;
    const std::string text = value.is_string() ? json::to_string(value.get_string()) : json::dump(value);
    const std::string_view refusal = Quantity::refusal(text);
    return refusal.empty() || stop(std::string(refusal));
  }

  bool time(const json::value& value) {
    if (!value.is_string()) return stop(mismatch_text("string", value, std::string(json_type(value))));
    auto problem = time_problem(value.get_string());
    return !problem || stop(std::move(*problem));
  }

  bool mismatch(std::string_view go_type, const json::value& value) {
    return note(mismatch_text(go_type, value, std::string(json_type(value))));
  }

  std::string mismatch_text(std::string_view go_type, const json::value&, const std::string& given) const {
    if (struct_ == nullptr) return fmt::format("json: cannot unmarshal {} into Go value of type {}", given, go_type);
    const std::string_view name = std::string_view(struct_->go_type).substr(struct_->go_type.find('.') + 1);
    return fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}", given, name, path_, go_type);
  }

  bool note(std::string problem) {
    if (!first_) first_ = std::move(problem);
    return true;
  }
  bool stop(std::string problem) {
    stopped_ = std::move(problem);
    return false;
  }

  const Schema& root_;
  const Schema* struct_ = nullptr;  // the innermost that is being read
  std::string path_;                // of fields: lists and maps add nothing
  std::optional<std::string> first_, stopped_;
};

}  // namespace

std::optional<std::string> check_types(const Schema& schema, const json::value& object) {
  return Decoder(schema).run(object);
}

}  // namespace spoke::kube
