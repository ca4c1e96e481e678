#include "operator/reader.h"

namespace spoke::op {
namespace {

// A value as it stands in an error: short, whatever a person wrote.
std::string shown(const json::value& v) {
  std::string text = json::dump(v);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

}  // namespace

InvalidApplication::InvalidApplication(std::string_view field, std::string_view why)
    : Error(fmt::format("{}: {}", field, why)) {}

Reader::Reader(const json::value* value, std::string field) : field_(std::move(field)) {
  if (value == nullptr || value->is_null()) return;
  if (!value->is_object()) throw InvalidApplication(field_, "is " + shown(*value) + ", must be an object");
  object_ = &value->get_object();
}

const json::value* Reader::member(std::string_view name) const {
  if (object_ == nullptr) return nullptr;
  const json::value* v = object_->if_contains(name);
  return v == nullptr || v->is_null() ? nullptr : v;
}

std::string Reader::at(std::string_view name) const { return field_ + "." + std::string(name); }

void Reader::wrong(std::string_view name, const json::value& is, std::string_view must) const {
  throw InvalidApplication(at(name), fmt::format("is {}, must be {}", shown(is), must));
}

std::optional<std::string> Reader::text(std::string_view name) const {
  const json::value* v = member(name);
  if (v == nullptr) return std::nullopt;
  if (!v->is_string()) wrong(name, *v, "a string");
  return json::to_string(v->get_string());
}

std::optional<std::int64_t> Reader::whole(std::string_view name) const {
  const json::value* v = member(name);
  if (v == nullptr) return std::nullopt;
  if (v->is_int64()) return v->get_int64();
  wrong(name, *v, "a whole number");
}

std::optional<bool> Reader::flag(std::string_view name) const {
  const json::value* v = member(name);
  if (v == nullptr) return std::nullopt;
  if (!v->is_bool()) wrong(name, *v, "true or false");
  return v->get_bool();
}

Texts Reader::texts(std::string_view name) const {
  Texts out;
  const json::value* v = member(name);
  if (v == nullptr) return out;
  if (!v->is_object()) wrong(name, *v, "an object of strings");
  for (const auto& [key, value] : v->get_object()) {
    if (!value.is_string()) wrong(name, value, fmt::format("a string at \"{}\"", std::string_view(key)));
    out[key] = json::to_string(value.get_string());
  }
  return out;
}

std::vector<std::string> Reader::list(std::string_view name) const {
  std::vector<std::string> out;
  const json::value* v = member(name);
  if (v == nullptr) return out;
  if (!v->is_array()) wrong(name, *v, "a list of strings");
  for (const auto& item : v->get_array()) {
    if (!item.is_string()) wrong(name, item, fmt::format("a string at [{}]", out.size()));
    out.push_back(json::to_string(item.get_string()));
  }
  return out;
}

json::array Reader::objects(std::string_view name) const {
  const json::value* v = member(name);
  if (v == nullptr) return {};
  if (!v->is_array()) wrong(name, *v, "a list of objects");
  for (size_t i = 0; i < v->get_array().size(); ++i)
    if (!v->get_array()[i].is_object()) wrong(name, v->get_array()[i], fmt::format("an object at [{}]", i));
  return v->get_array();
}

std::optional<json::value> Reader::object(std::string_view name) const {
  const json::value* v = member(name);
  if (v == nullptr) return std::nullopt;
  if (!v->is_object()) wrong(name, *v, "an object");
  return *v;
}

Reader Reader::child(std::string_view name) const { return Reader(member(name), at(name)); }

std::vector<Reader> Reader::children(std::string_view name) const {
  std::vector<Reader> out;
  const json::value* v = member(name);
  if (v == nullptr) return out;
  if (!v->is_array()) wrong(name, *v, "a list of objects");
  for (const auto& item : v->get_array())
    out.emplace_back(item.is_null() ? nullptr : &item, fmt::format("{}[{}]", at(name), out.size()));
  return out;
}

std::string Reader::need_text(std::string_view name) const {
  auto value = text(name);
  if (!value || value->empty()) throw InvalidApplication(at(name), "is missing");
  return *value;
}

}  // namespace spoke::op
