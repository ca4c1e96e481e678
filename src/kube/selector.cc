#include "kube/selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/strings.h"
#include "kube/go_text.h"
#include "kube/names.h"
#include "kube/status.h"

namespace spoke::kube {
namespace {

using Op = LabelSelector::Op;
using Requirement = LabelSelector::Requirement;

// What is wrong with a requirement; the parser says "unable to parse requirement: " before it.
struct Malformed {
  std::string why;
};

std::string invalid(std::string_view field, const json::value& value, std::string_view why) {
  return fmt::format("{}: Invalid value: {}: {}", field, go_shown(value), why);
}

// field.ErrorList's aggregate: one as it is, more in brackets, none twice.
std::string aggregate(const std::vector<std::string>& errors) {
  std::vector<std::string> once;
  std::unordered_set<std::string_view> seen;
  for (const auto& error : errors)
    if (seen.insert(error).second) once.push_back(error);
  return once.size() == 1 ? once[0] : "[" + join(once, ", ") + "]";
}

// labels.NewRequirement. Throws Malformed.
Requirement checked(Requirement r) {
  std::vector<std::string> errors;
  if (const auto why = check_qualified_name(r.key); !why.empty())
    errors.push_back(invalid("key", json::value(r.key), join(why, "; ")));
  const auto refuse = [&](std::string_view why) {
    // Go writes a list without items as null.
    errors.push_back(
        invalid("values", r.values.empty() ? json::value(nullptr) : boost::json::value_from(r.values), why));
  };
  switch (r.op) {
    case Op::In:
    case Op::NotIn:
      if (r.values.empty()) refuse("for 'in', 'notin' operators, values set can't be empty");
      break;
    case Op::Equals:
    case Op::NotEquals:
      if (r.values.size() != 1) refuse("exact-match compatibility requires one single value");
      break;
    case Op::Exists:
    case Op::NotExists:
      if (!r.values.empty()) refuse("values set must be empty for exists and does not exist");
      break;
    case Op::Greater:
    case Op::Less:
      if (r.values.size() != 1) refuse("for 'Gt', 'Lt' operators, exactly one value is required");
      for (size_t i = 0; i < r.values.size(); ++i)
        if (!to_int(r.values[i]))
          errors.push_back(invalid(fmt::format("values[{}]", i), json::value(r.values[i]),
                                   "for 'Gt', 'Lt' operators, the value must be an integer"));
      break;
  }
  for (size_t i = 0; i < r.values.size(); ++i)
    if (const auto why = check_label_value(r.values[i]); !why.empty())
      errors.push_back(invalid(fmt::format("values[{}][{}]", i, r.key), json::value(r.values[i]), join(why, "; ")));
  if (!errors.empty()) throw Malformed{aggregate(errors)};
  return r;
}

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool symbol(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }

// The grammar, and what is said where text strays from it, is that of apimachinery's labels.Parse.
class Parser {
 public:
  explicit Parser(std::string_view text) { scan(text); }

  std::vector<Requirement> parse() {
    std::vector<Requirement> out;
    for (;;) {
      const Token& token = look();
      if (token.kind == Kind::End) return out;
      if (!opens_requirement(token))
        throw bad_request(fmt::format("found '{}', expected: !, identifier, or 'end of string'", token.text));
      try {
        out.push_back(requirement());
      } catch (const Malformed& error) {
        throw bad_request("unable to parse requirement: " + error.why);
      }
      const Token& next = take();
      if (next.kind == Kind::End) return out;
      if (next.kind != Kind::Symbol || next.text != ",")
        throw bad_request(fmt::format("found '{}', expected: ',' or 'end of string'", next.text));
      if (!opens_requirement(look()))
        throw bad_request(fmt::format("found '{}', expected: identifier after ','", look().text));
    }
  }

 private:
  enum class Kind { Word, Symbol, End };  // Word: keys, values, and `in` and `notin`
  struct Token {
    Kind kind;
    std::string text;
  };

  void scan(std::string_view text) {
    // A NUL ends the token that it stands in, and elsewhere the text.
    while (!text.empty() && text[0] != '\0') {
      if (blank(text[0])) {
        text.remove_prefix(1);
        continue;
      }
      const bool word = !symbol(text[0]);
      const auto end =
          std::find_if(text.begin(), text.end(), [](char c) { return blank(c) || symbol(c) || c == '\0'; });
      const size_t length = word                                               ? static_cast<size_t>(end - text.begin())
                            : text.starts_with("==") || text.starts_with("!=") ? 2
                                                                               : 1;
      tokens_.push_back({word ? Kind::Word : Kind::Symbol, std::string(text.substr(0, length))});
      text.remove_prefix(length);
      if (text.starts_with('\0')) text.remove_prefix(1);
    }
    tokens_.push_back({Kind::End, ""});
  }

  const Token& look() const { return tokens_[std::min(at_, tokens_.size() - 1)]; }
  const Token& take() {
    const Token& token = look();
    ++at_;
    return token;
  }
  static bool is(const Token& token, std::string_view text) { return token.kind == Kind::Symbol && token.text == text; }
  static bool opens_requirement(const Token& token) { return token.kind == Kind::Word || is(token, "!"); }
  bool at_end_of_requirement() const { return look().kind == Kind::End || is(look(), ","); }

  Requirement requirement() {
    const bool negated = is(look(), "!");
    if (negated) take();
    const Token& key = take();
    if (key.kind != Kind::Word) throw Malformed{fmt::format("found '{}', expected: identifier", key.text)};
    if (const auto why = check_qualified_name(key.text); !why.empty())
      throw Malformed{invalid("<nil>", json::value(key.text), join(why, "; "))};
    if (at_end_of_requirement() || negated) return checked({key.text, negated ? Op::NotExists : Op::Exists, {}});
    const Op op = binary_operator();
    const auto values = op == Op::In || op == Op::NotIn ? value_set() : exact_value();
    return checked({key.text, op, {values.begin(), values.end()}});
  }

  Op binary_operator() {
    static const std::vector<std::pair<std::string_view, Op>> kOperators{
        {"in", Op::In},  {"=", Op::Equals},    {"==", Op::Equals},   {">", Op::Greater},
        {"<", Op::Less}, {"notin", Op::NotIn}, {"!=", Op::NotEquals}};
    const Token& token = take();
    for (const auto& [text, op] : kOperators)
      if (token.text == text) return op;
    throw Malformed{fmt::format("found '{}', expected: in, notin, =, ==, !=, gt, lt", token.text)};
  }

  std::set<std::string> exact_value() {
    if (at_end_of_requirement()) return {""};
    const Token& token = take();
    if (token.kind != Kind::Word) throw Malformed{fmt::format("found '{}', expected: identifier", token.text)};
    return {token.text};
  }

  std::set<std::string> value_set() {
    if (const Token& open = take(); !is(open, "(")) throw Malformed{fmt::format("found '{}' expected: '('", open.text)};
    const Token& first = look();
    if (is(first, ")")) {
      take();
      return {""};
    }
    if (first.kind != Kind::Word && !is(first, ","))
      throw Malformed{fmt::format("found '{}', expected: ',', ')' or identifier", first.text)};
    auto values = value_list();
    take();
    return values;
  }

  // Up to the closing parenthesis. Empty values count: (,a) and (a,) and (a,,b) hold "".
  std::set<std::string> value_list() {
    std::set<std::string> values;
    for (;;) {
      const Token& token = take();
      if (token.kind == Kind::Word) {
        values.insert(token.text);
        if (is(look(), ")")) return values;
        if (!is(look(), ",")) throw Malformed{fmt::format("found '{}', expected: ',' or ')'", look().text)};
      } else if (is(token, ",")) {
        if (values.empty()) values.insert("");
        if (is(look(), ")")) {
          values.insert("");
          return values;
        }
        if (is(look(), ",")) {
          take();
          values.insert("");
        }
      } else {
        throw Malformed{fmt::format("found '{}', expected: ',', or identifier", token.text)};
      }
    }
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
};

bool matches_one(const Requirement& r, const std::string* value) {
  switch (r.op) {
    case Op::Exists: return value != nullptr;
    case Op::NotExists: return value == nullptr;
    case Op::Equals:
    case Op::In: return value != nullptr && std::find(r.values.begin(), r.values.end(), *value) != r.values.end();
    case Op::NotEquals:
    case Op::NotIn: return value == nullptr || std::find(r.values.begin(), r.values.end(), *value) == r.values.end();
    case Op::Greater:
    case Op::Less: {
      if (value == nullptr || r.values.size() != 1) return false;
      const auto left = to_int(*value);
      const auto right = to_int(r.values[0]);
      return left && right && (r.op == Op::Greater ? *left > *right : *left < *right);
    }
  }
  return false;
}

}  // namespace

Labels labels_of(const json::value& object) {
  Labels out;
  for (const auto& [name, value] : json::members(object, "metadata.labels"))
    if (value.is_string()) out.emplace_back(name, json::to_string(value.get_string()));
  return out;
}

LabelSelector::LabelSelector(std::vector<Requirement> requirements) : requirements_(std::move(requirements)) {
  std::sort(requirements_.begin(), requirements_.end(),
            [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
}

LabelSelector LabelSelector::parse(std::string_view text) { return LabelSelector(Parser(text).parse()); }

LabelSelector LabelSelector::from_map(const json::object& map) {
  std::vector<Requirement> out;
  for (const auto& [name, value] : map)
    out.push_back({name, Op::Equals, {value.is_string() ? json::to_string(value.get_string()) : ""}});
  return LabelSelector(std::move(out));
}

LabelSelector LabelSelector::from_object(const json::value& selector) {
  static const std::vector<std::pair<std::string_view, Op>> kOperators{
      {"In", Op::In}, {"NotIn", Op::NotIn}, {"Exists", Op::Exists}, {"DoesNotExist", Op::NotExists}};
  std::vector<Requirement> out;
  try {
    for (auto& r : from_map(json::members(selector, "matchLabels")).requirements_) out.push_back(checked(std::move(r)));
    for (const auto& expression : json::list(selector, "matchExpressions")) {
      const std::string_view name = json::str(expression, "operator");
      const auto op =
          std::find_if(kOperators.begin(), kOperators.end(), [&](const auto& o) { return o.first == name; });
      if (op == kOperators.end()) throw Malformed{go_quoted(name) + " is not a valid label selector operator"};
      Requirement r{std::string(json::str(expression, "key")), op->second, {}};
      for (const auto& value : json::list(expression, "values"))
        r.values.push_back(value.is_string() ? json::to_string(value.get_string()) : "");
      out.push_back(checked(std::move(r)));
    }
  } catch (const Malformed& error) {
    throw bad_request(error.why);
  }
  return LabelSelector(std::move(out));
}

std::string LabelSelector::text() const {
  std::string out;
  for (const auto& r : requirements_) {
    if (!out.empty()) out += ',';
    const std::string values = fmt::format("{}", fmt::join(r.values, ","));
    switch (r.op) {
      case Op::Equals: out += r.key + "=" + values; break;
      case Op::NotEquals: out += r.key + "!=" + values; break;
      case Op::In: out += r.key + " in (" + values + ")"; break;
      case Op::NotIn: out += r.key + " notin (" + values + ")"; break;
      case Op::Exists: out += r.key; break;
      case Op::NotExists: out += "!" + r.key; break;
      case Op::Greater: out += r.key + ">" + values; break;
      case Op::Less: out += r.key + "<" + values; break;
    }
  }
  return out;
}

bool LabelSelector::matches(const Labels& labels) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& r) {
    const auto it = std::find_if(labels.begin(), labels.end(), [&](const auto& label) { return label.first == r.key; });
    return matches_one(r, it == labels.end() ? nullptr : &it->second);
  });
}

namespace {

// Splits at commas that no backslash stands before; the backslashes stay.
std::vector<std::string> split_terms(std::string_view text) {
  std::vector<std::string> out(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',') {
      out.emplace_back();
      continue;
    }
    out.back() += text[i];
    if (text[i] == '\\' && i + 1 < text.size()) out.back() += text[++i];
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ',' || c == '=')
      throw bad_request(fmt::format("invalid field selector: unescaped character in value: {}", static_cast<int>(c)));
    if (c != '\\') {
      out += c;
      continue;
    }
    size_t end = std::min(i + 2, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;  // one letter, any bytes
    const std::string_view sequence = text.substr(i, end - i);
    if (sequence != "\\\\" && sequence != "\\," && sequence != "\\=")
      throw bad_request(fmt::format("invalid field selector: invalid escape sequence: {}", sequence));
    out += text[++i];
  }
  return out;
}

}  // namespace

FieldSelector FieldSelector::parse(std::string_view text) {
  FieldSelector out;
  auto terms = split_terms(text);
  std::sort(terms.begin(), terms.end());
  for (const auto& term : terms) {
    if (term.empty()) continue;
    // The first operator counts; what it is written with cannot be escaped in a field's name.
    auto at = term.find('=');
    if (at == std::string::npos)
      throw bad_request(fmt::format("invalid selector: '{}'; can't understand '{}'", text, term));
    const bool equal = at == 0 || term[at - 1] != '!';
    const size_t value = at + (equal && term.compare(at, 2, "==") == 0 ? 2 : 1);
    if (!equal) --at;
    FieldSelector::Requirement r{term.substr(0, at), unescaped(std::string_view(term).substr(value)), equal};
    if (!r.field.empty() || !r.value.empty()) out.requirements_.push_back(std::move(r));
  }
  return out;
}

bool FieldSelector::matches(const std::function<std::string_view(std::string_view)>& value_of) const {
  return std::all_of(requirements_.begin(), requirements_.end(),
                     [&](const Requirement& r) { return (value_of(r.field) == r.value) == r.equal; });
}

}  // namespace spoke::kube
