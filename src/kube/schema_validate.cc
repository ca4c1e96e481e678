// Custom resources against their schema, with the findings, their order and their words of apiextensions-apiserver.
// Source: k8s.io/kube-openapi, pkg/validation/validate; apiextensions-apiserver,
// pkg/apiserver/validation/validation.go, pkg/apiserver/schema/{listtype,objectmeta}.

#include "kube/schema_validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/strings.h"
#include "kube/go_text.h"
#include "kube/names.h"
#include "kube/schema_formats.h"
#include "kube/typed.h"

namespace spoke::kube {
namespace {

using Type = Schema::Type;

// What is wrong at a path: "spec.replicas", ".x" for a member of a root map, "" for the root.
struct Finding {
  std::string path;
  Cause cause;         // field is filled in later
  bool whole = false;  // about the alternatives of a schema: it names no field
};

struct Result {
  std::vector<Finding> findings;
  int matches = 0;  // how much of the schema was met: of failed alternatives the best one is reported
  bool valid() const { return findings.empty(); }
  void merge(Result other) {
    std::move(other.findings.begin(), other.findings.end(), std::back_inserter(findings));
    matches += other.matches;
  }
  void add(std::string path, Cause cause) { findings.push_back({std::move(path), std::move(cause)}); }
  void add_whole(std::string_view why) { findings.push_back({"", invalid_value("", "", why), true}); }
};

std::vector<std::string> type_names(Type type) {
  switch (type) {
    case Type::Object:
    case Type::Map: return {"object"};
    case Type::List: return {"array"};
    case Type::String:
    case Type::Bytes:
    case Type::Time: return {"string"};
    case Type::Integer: return {"integer"};
    case Type::Number: return {"number"};
    case Type::Boolean: return {"boolean"};
    case Type::IntOrString: return {"integer", "string"};
    case Type::Any:
    case Type::Quantity: return {};
  }
  return {};
}

std::string_view type_name(const json::value& v) {
  switch (v.kind()) {
    case boost::json::kind::null: return "null";
    case boost::json::kind::bool_: return "boolean";
    case boost::json::kind::int64: return "integer";
    case boost::json::kind::uint64:
    case boost::json::kind::double_: return "number";
    case boost::json::kind::string: return "string";
    case boost::json::kind::array: return "array";
    case boost::json::kind::object: return "object";
  }
  return "";
}

Cause wrong_type(const std::string& path, std::string_view wanted, std::string_view given) {
  return type_invalid("", json::value(given),
                      fmt::format("{} in body must be of type {}: {}", path, wanted, go_quoted(given)));
}

Cause too_many(size_t count, std::int64_t most) {
  return {"FieldValueTooMany",
          fmt::format("Too many: {}: must have at most {} item{}", count, most, most == 1 ? "" : "s"), ""};
}

// Integers are compared with the whole part of a bound.
double bound_for(const json::value& value, double limit) { return value.is_int64() ? std::trunc(limit) : limit; }

std::string bound_text(const json::value& value, double limit) {
  return value.is_int64() ? std::to_string(static_cast<std::int64_t>(limit)) : go_printed(limit);
}

// A float that JSON readers take for an integer everywhere.
bool whole_number(const json::value& v) {
  constexpr double most = 9007199254740991;  // 2^53 - 1
  return v.is_double() && std::fabs(v.get_double()) <= most && std::nearbyint(v.get_double()) == v.get_double();
}

Result validate(const Schema& schema, const json::value& value, const std::string& path);

class Validator {
 public:
  Validator(const Schema& schema, const json::value& value, const std::string& path)
      : schema_(schema), rules_(schema.rules.get()), value_(value), path_(path) {}

  Result run() {
    if (value_.is_null()) {
      type_of_null();
      one_of_values();
      return std::move(out_);
    }
    const bool formatted = rules_ != nullptr && format_known(rules_->format);
    if (schema_.type != Type::Any || formatted) step([&] { type(formatted); });
    step([&] { alternatives(); });
    if (value_.is_string()) step([&] { text(); });
    if (value_.is_string() && formatted) step([&] { format(); });
    if (value_.is_number()) step([&] { number(); });
    if (value_.is_array()) step([&] { items(); });
    step([&] { one_of_values(); });
    if (value_.is_object()) step([&] { members(); });
    ++out_.matches;
    return std::move(out_);
  }

 private:
  template <class Check>
  void step(Check check) {
    check();
    ++out_.matches;
  }

  void add(Cause cause) { out_.add(path_, std::move(cause)); }
  void invalid(const json::value& shown, std::string_view why) {
    add(invalid_value("", shown, path_ + " in body " + std::string(why)));
  }

  void type_of_null() {
    const auto names = type_names(schema_.type);
    if (names.empty() || schema_.nullable)
      ++out_.matches;
    else
      add(wrong_type(path_, join(names, ","), "null"));
  }

  void type(bool formatted) {
    const auto names = type_names(schema_.type);
    const auto is = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
    const std::string_view given = type_name(value_);
    const bool fits = is(given) || (whole_number(value_) && is("integer")) || (given == "integer" && is("number"));
    const bool sequence = value_.is_string() || value_.is_array();
    if (formatted && !sequence && !fits)
      return add(wrong_type(path_, rules_->format, value_.is_double() ? "double" : value_.is_int64() ? "int64" : ""));
    const bool numeric = is("number") || is("integer");
    if (!(formatted && sequence && !numeric) && !fits) return add(wrong_type(path_, join(names, ","), given));
    ++out_.matches;
  }

  void alternatives() {
    ++out_.matches;
    if (rules_ == nullptr) return;
    const std::string name = go_quoted(path_);
    if (!rules_->any_of.empty()) any_of(name);
    if (!rules_->one_of.empty()) one_of(name);
    if (!rules_->all_of.empty()) all_of(name);
    if (rules_->none_of != nullptr && validate(*rules_->none_of, value_, path_).valid())
      out_.add_whole(name + " must not validate the schema (not)");
  }

  void any_of(const std::string& name) {
    std::optional<Result> best;
    for (const auto& schema : rules_->any_of) {
      Result result = validate(*schema, value_, path_);
      if (result.valid()) return out_.merge(std::move(result));
      if (!best || result.matches > best->matches) best = std::move(result);
    }
    out_.add_whole(name + " must validate at least one schema (anyOf)");
    out_.merge(std::move(*best));
  }

  void one_of(const std::string& name) {
    std::optional<Result> best, first;
    int valid = 0;
    for (const auto& schema : rules_->one_of) {
      Result result = validate(*schema, value_, path_);
      if (result.valid()) {
        ++valid;
        best.reset();
        if (!first) first = std::move(result);
      } else if (valid == 0 && (!best || result.matches > best->matches)) {
        best = std::move(result);
      }
    }
    if (valid == 1) return out_.merge(std::move(*first));
    out_.add_whole(fmt::format("{} must validate one and only one schema (oneOf). {}", name,
                               valid == 0 ? "Found none valid" : fmt::format("Found {} valid alternatives", valid)));
    if (best) out_.merge(std::move(*best));
  }

  void all_of(const std::string& name) {
    size_t valid = 0;
    for (const auto& schema : rules_->all_of) {
      Result result = validate(*schema, value_, path_);
      valid += result.valid() ? 1 : 0;
      out_.merge(std::move(result));
    }
    if (valid != rules_->all_of.size())
      out_.add_whole(name + " must validate all the schemas (allOf)" + (valid == 0 ? ". None validated" : ""));
  }

  // Only the first of these is reported.
  void text() {
    if (rules_ == nullptr) return;
    const std::string_view text = value_.get_string();
    const auto length =
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    if (rules_->max_length && length > *rules_->max_length) {
      const auto most = *rules_->max_length;
      add({"FieldValueTooLong", fmt::format("Too long: may not be more than {} byte{}", most, most == 1 ? "" : "s"),
           ""});
    } else if (rules_->min_length && length < *rules_->min_length) {
      invalid(value_, fmt::format("should be at least {} chars long", *rules_->min_length));
    } else if (rules_->pattern && !rules_->pattern->matches(text)) {
      invalid(value_, fmt::format("should match '{}'", rules_->pattern->text()));
    }
  }

  void format() {
    if (!has_format(rules_->format, value_.get_string())) add(wrong_type(path_, rules_->format, value_.get_string()));
  }

  void number() {
    ++out_.matches;
    if (rules_ == nullptr) return;
    const double v = value_.to_number<double>();
    if (rules_->multiple_of) multiple(v, *rules_->multiple_of);
    if (rules_->maximum) {
      const double most = bound_for(value_, *rules_->maximum);
      if (rules_->exclusive_maximum ? v >= most : v > most)
        invalid(value_, fmt::format("should be less than {}{}", rules_->exclusive_maximum ? "" : "or equal to ",
                                    bound_text(value_, most)));
    }
    if (rules_->minimum) {
      const double least = bound_for(value_, *rules_->minimum);
      if (rules_->exclusive_minimum ? v <= least : v < least)
        invalid(value_, fmt::format("should be greater than {}{}", rules_->exclusive_minimum ? "" : "or equal to ",
                                    bound_text(value_, least)));
    }
  }

  void multiple(double v, double of) {
    of = bound_for(value_, of);
    if (of <= 0) {
      const json::value shown = value_.is_int64() ? json::value(static_cast<std::int64_t>(of)) : json::value(of);
      return add(invalid_value(
          "", shown, fmt::format("factor MultipleOf declared for {} must be positive: {}", path_, go_printed(shown))));
    }
    const double times = of < 1 ? 1 / of * v : v / of;
    const bool whole = value_.is_int64() ? std::fmod(v, of) == 0 : std::fabs(times - std::nearbyint(times)) < 1e-9;
    if (!whole) invalid(value_, "should be a multiple of " + bound_text(value_, of));
  }

  void items() {
    const auto& list = value_.get_array();
    if (schema_.items != nullptr && schema_.type != Type::Map)
      for (size_t i = 0; i < list.size(); ++i)
        out_.merge(validate(*schema_.items, list[i], fmt::format("{}[{}]", path_, i)));
    ++out_.matches;
    if (rules_ == nullptr) return;
    const json::value size(static_cast<std::int64_t>(list.size()));
    if (rules_->min_items && size.get_int64() < *rules_->min_items)
      invalid(size, fmt::format("should have at least {} items", *rules_->min_items));
    if (rules_->max_items && size.get_int64() > *rules_->max_items) add(too_many(list.size(), *rules_->max_items));
    if (rules_->unique_items) {
      std::unordered_set<std::string> seen;
      for (const auto& item : list)
        if (!seen.insert(json::dump(item)).second) return invalid("", "shouldn't contain duplicates");
    }
  }

  void one_of_values() {
    if (rules_ == nullptr || rules_->one_of_values.empty()) return;
    const auto& values = rules_->one_of_values;
    if (std::any_of(values.begin(), values.end(), [&](const auto& v) { return typed::equal(v, value_); })) return;
    std::vector<std::string> supported;
    for (const auto& v : values)
      supported.push_back(go_quoted(v.is_string() ? std::string_view(v.get_string()) : go_shown(v)));
    add({"FieldValueNotSupported",
         fmt::format("Unsupported value: {}: supported values: {}", go_shown(value_), join(supported, ", ")), ""});
  }

  void members() {
    const auto& object = value_.get_object();
    if (rules_ != nullptr) {
      const json::value size(static_cast<std::int64_t>(object.size()));
      if (rules_->min_properties && size.get_int64() < *rules_->min_properties)
        invalid(size, fmt::format("should have at least {} properties", *rules_->min_properties));
      if (rules_->max_properties && size.get_int64() > *rules_->max_properties)
        add(too_many(object.size(), *rules_->max_properties));
    }
    if (schema_.type == Type::Map && schema_.items != nullptr)
      for (const auto& [name, member] : object)
        out_.merge(validate(*schema_.items, member, path_ + "." + std::string(name)));
    for (const auto& [name, property] : schema_.properties) {
      if (!property->go_type.empty()) continue;  // metadata, which is checked as every object's is
      if (const json::value* member = object.if_contains(name))
        out_.merge(validate(*property, *member, path_.empty() ? name : path_ + "." + name));
    }
    for (const auto& name : schema_.required)
      if (!object.contains(name)) out_.add(path_ + "." + name, required("", ""));
  }

  const Schema& schema_;
  const Rules* rules_;
  const json::value& value_;
  const std::string& path_;
  Result out_;
};

Result validate(const Schema& schema, const json::value& value, const std::string& path) {
  return Validator(schema, value, path).run();
}

// --- what schemas imply ---

std::string child(const std::string& at, std::string_view name) {
  return at.empty() ? std::string(name) : at + "." + std::string(name);
}

// Objects within objects say what they are.
void embedded_resource(const json::object& object, const std::string& at, std::vector<Cause>& causes) {
  for (const auto* name : {"apiVersion", "kind"}) {
    const json::value* value = object.if_contains(name);
    const std::string field = child(at, name);
    if (value == nullptr) {
      causes.push_back(required(field, ""));
    } else if (!value->is_string()) {
      causes.push_back(invalid_value(field, *value, "must be a string"));
    } else if (value->get_string().empty()) {
      causes.push_back(invalid_value(field, *value, "must not be empty"));
    } else if (std::string_view(name) == "kind") {
      if (const auto why = check_dns1035_label(lower(value->get_string())); !why.empty())
        causes.push_back(
            invalid_value(field, *value, "may have mixed case, but should otherwise match: " + join(why, ",")));
    } else if (std::count(value->get_string().begin(), value->get_string().end(), '/') > 1) {
      causes.push_back(
          invalid_value(field, *value, "unexpected GroupVersion string: " + std::string(value->get_string())));
    }
  }
}

void resources(const Schema& schema, const json::value& value, const std::string& at, bool root,
               std::vector<Cause>& causes) {
  if (const auto* object = value.if_object()) {
    if (schema.embedded_resource && !root) embedded_resource(*object, at, causes);
    for (const auto& [name, member] : *object) {
      const bool map = schema.type == Type::Map;
      const Schema* of = typed::member_schema(&schema, name);
      if (of != nullptr && of->go_type.empty())
        resources(*of, member, map ? fmt::format("{}[{}]", at, std::string_view(name)) : child(at, name), false,
                  causes);
    }
  } else if (const auto* list = value.if_array(); list != nullptr && schema.items != nullptr) {
    for (size_t i = 0; i < list->size(); ++i)
      resources(*schema.items, (*list)[i], fmt::format("{}[{}]", at, i), false, causes);
  }
}

// The items of a set, or the keys of a list with keys, are each there once. The second of equal ones is reported.
void unique_items(const Schema& schema, const json::array& list, const std::string& at, std::vector<Cause>& causes) {
  const bool keyed = schema.merge == Schema::Merge::ListMap;
  if (keyed)
    for (size_t i = 0; i < list.size(); ++i)
      if (!list[i].is_object() && !list[i].is_null())
        return causes.push_back(
            invalid_value(fmt::format("{}[{}]", at, i), list[i], "must be an object for an array of list-type map"));
  std::vector<std::string> sorted_keys = schema.keys;
  std::sort(sorted_keys.begin(), sorted_keys.end());
  std::unordered_map<std::string, int> seen;
  for (size_t i = 0; i < list.size(); ++i) {
    json::value identity = list[i];
    if (keyed) {
      json::object keys;
      for (const auto& key : sorted_keys)
        if (const json::value* given = json::find_member(list[i], key)) keys[key] = *given;
      identity = std::move(keys);
    }
    if (++seen[json::dump(identity)] == 2) causes.push_back(duplicate(fmt::format("{}[{}]", at, i), identity));
  }
}

void unique(const Schema& schema, const json::value& value, const std::string& at, std::vector<Cause>& causes) {
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      const Schema* of = typed::member_schema(&schema, name);
      if (of != nullptr && of->go_type.empty())
        unique(*of, member,
               schema.type == Type::Map ? fmt::format("{}[{}]", at, std::string_view(name)) : child(at, name), causes);
    }
  } else if (const auto* list = value.if_array()) {
    if (schema.merge == Schema::Merge::Set || schema.merge == Schema::Merge::ListMap)
      unique_items(schema, *list, at, causes);
    if (schema.items != nullptr)
      for (size_t i = 0; i < list->size(); ++i) unique(*schema.items, (*list)[i], fmt::format("{}[{}]", at, i), causes);
  }
}

}  // namespace

std::vector<Cause> validate_at(const Schema& schema, const json::value& value, const std::string& at) {
  Result result = validate(schema, value, "");
  std::vector<Cause> out;
  std::unordered_set<std::string> seen;  // several schemas of an allOf may find the same
  for (auto& finding : result.findings) {
    std::string_view path = finding.path;
    if (path.starts_with('.')) path.remove_prefix(1);
    Cause cause = std::move(finding.cause);
    cause.field = finding.whole || path.empty() ? at : child(at, path);
    if (cause.field.empty()) cause.field = "<nil>";  // as Go prints a path that is not there
    if (seen.insert(cause.field + "\n" + cause.message).second) out.push_back(std::move(cause));
  }
  return out;
}

std::vector<Cause> validate(const Schema& schema, const json::value& object) {
  std::vector<Cause> causes = validate_at(schema, object, "");
  resources(schema, object, "", true, causes);
  unique(schema, object, "", causes);
  return causes;
}

}  // namespace spoke::kube
