#include "kube/pattern_parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

#include "kube/pattern.h"

namespace spoke::kube::pattern {
namespace {

constexpr char32_t kMaxRune = 0x10FFFF;
constexpr int kMaxRepeat = 1000;
constexpr int kMaxDepth = 250;

[[noreturn]] void bad(std::string_view what, std::string_view where) {
  throw BadPattern(fmt::format("error parsing regexp: {}: `{}`", what, where));
}

Ranges tidy(Ranges ranges) {
  std::sort(ranges.begin(), ranges.end());
  Ranges out;
  for (const auto& range : ranges) {
    if (!out.empty() && range.first <= out.back().second + 1)
      out.back().second = std::max(out.back().second, range.second);
    else
      out.push_back(range);
  }
  return out;
}

Ranges negate(const Ranges& tidied) {
  Ranges out;
  char32_t next = 0;
  for (const auto& [low, high] : tidied) {
    if (low > next) out.emplace_back(next, low - 1);
    next = high + 1;
  }
  if (next <= kMaxRune) out.emplace_back(next, kMaxRune);
  return out;
}

// ASCII letters only: no schema that we know of asks for more.
Ranges fold_case(Ranges ranges) {
  const size_t count = ranges.size();
  for (size_t i = 0; i < count; ++i) {
    const auto [low, high] = ranges[i];
    const auto add = [&](char32_t first, char32_t last, int shift) {
      const char32_t from = std::max(low, first), to = std::min(high, last);
      if (from <= to) ranges.emplace_back(from + shift, to + shift);
    };
    add('a', 'z', -32);
    add('A', 'Z', 32);
  }
  return tidy(std::move(ranges));
}

struct Named {
  std::string_view name;
  Ranges ranges;
};

const std::vector<Named>& posix_classes() {
  static const std::vector<Named> classes = {
      {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
      {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
      {"ascii", {{0, 0x7F}}},
      {"blank", {{'\t', '\t'}, {' ', ' '}}},
      {"cntrl", {{0, 0x1F}, {0x7F, 0x7F}}},
      {"digit", {{'0', '9'}}},
      {"graph", {{'!', '~'}}},
      {"lower", {{'a', 'z'}}},
      {"print", {{' ', '~'}}},
      {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
      {"space", {{'\t', '\r'}, {' ', ' '}}},
      {"upper", {{'A', 'Z'}}},
      {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
      {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
  };
  return classes;
}

std::optional<Ranges> perl_class(char letter) {
  switch (letter) {
    case 'd': return Ranges{{'0', '9'}};
    case 'D': return negate({{'0', '9'}});
    case 's': return Ranges{{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
    case 'S': return negate({{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}});
    case 'w': return Ranges{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    case 'W': return negate({{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}});
    default: return std::nullopt;
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Node whole() {
    Node node = alternatives(0);
    if (!done()) bad("unexpected )", text_);
    return node;
  }

 private:
  struct Flags {
    bool ignore_case = false, lines = false, dot_all = false;
  };

  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  bool ahead(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool take(std::string_view what) {
    if (!ahead(what)) return false;
    at_ += what.size();
    return true;
  }
  std::string_view since(size_t from) const { return text_.substr(from, at_ - from); }

  Node alternatives(int depth) {
    if (depth > kMaxDepth) bad("expression nests too deeply", text_);
    Node out{.kind = Node::Kind::Alternate};
    const Flags outer = flags_;  // flags hold to the end of their group
    do out.parts.push_back(sequence(depth));
    while (take("|"));
    flags_ = outer;
    return out.parts.size() == 1 ? std::move(out.parts[0]) : out;
  }

  Node sequence(int depth) {
    Node out{.kind = Node::Kind::Concat};
    size_t repeated_at = std::string_view::npos;  // where the last repetition operator began, if it came right before
    while (!done() && peek() != '|' && peek() != ')') {
      const size_t from = at_;
      if (const auto times = repetition()) {
        if (repeated_at != std::string_view::npos) bad("invalid nested repetition operator", since(repeated_at));
        if (out.parts.empty()) bad("missing argument to repetition operator", since(from));
        Node repeat{.kind = Node::Kind::Repeat, .least = times->first, .most = times->second};
        repeat.parts.push_back(std::move(out.parts.back()));
        out.parts.back() = std::move(repeat);
        repeated_at = from;
        continue;
      }
      repeated_at = std::string_view::npos;
      if (take("\\Q"))
        literal_text(out);
      else if (auto node = atom(depth))
        out.parts.push_back(std::move(*node));
    }
    if (out.parts.empty()) return {};
    return out.parts.size() == 1 ? std::move(out.parts[0]) : out;
  }

  // *, +, ?, {2}, {2,}, {2,3}, each with ? for lazy. A brace that is none of these is a brace.
  std::optional<std::pair<int, int>> repetition() {
    const size_t from = at_;
    std::pair<int, int> times;
    if (take("*"))
      times = {0, -1};
    else if (take("+"))
      times = {1, -1};
    else if (take("?"))
      times = {0, 1};
    else if (take("{")) {
      const auto least = count();
      auto most = least;
      if (least && take(",")) most = peek() == '}' ? std::optional(-1) : count();
      if (!least || !most || !take("}")) {
        at_ = from;
        return std::nullopt;
      }
      if (*least > kMaxRepeat || *most > kMaxRepeat || (*most >= 0 && *most < *least))
        bad("invalid repeat count", since(from));
      times = {*least, *most};
    } else {
      return std::nullopt;
    }
    take("?");
    return times;
  }

  std::optional<int> count() {
    const size_t from = at_;
    int value = 0;
    while (peek() >= '0' && peek() <= '9') value = std::min(value * 10 + (text_[at_++] - '0'), kMaxRepeat + 1);
    if (at_ == from || (at_ > from + 1 && text_[from] == '0')) return std::nullopt;
    return value;
  }

  std::optional<Node> atom(int depth) {
    switch (peek()) {
      case '(': return group(depth);
      case '[': return set(bracket());
      case '.': ++at_; return set(flags_.dot_all ? negate({}) : negate({{'\n', '\n'}}));
      case '^': ++at_; return assertion(flags_.lines ? Assertion::LineStart : Assertion::TextStart);
      case '$': ++at_; return assertion(flags_.lines ? Assertion::LineEnd : Assertion::TextEnd);
      case '\\': return escape();
      default: return literal(next_rune(text_, at_));
    }
  }

  // Nothing where it is only a change of flags.
  std::optional<Node> group(int depth) {
    const size_t from = at_++;
    const Flags outer = flags_;
    if (take("?")) {
      const size_t left = text_.size() - from;
      if ((ahead("P<") && left > 4) || (ahead("<") && left > 3)) {
        const auto end = text_.find('>', at_);
        if (end == std::string_view::npos) bad("invalid named capture", text_.substr(from));
        const auto name = text_.substr(text_.find('<', at_) + 1, end - text_.find('<', at_) - 1);
        at_ = end + 1;
        if (name.empty() ||
            !std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; }))
          bad("invalid named capture", since(from));
      } else if (change_flags(from)) {
        return std::nullopt;
      }
    }
    Node inside = alternatives(depth + 1);
    if (!take(")")) bad("missing closing )", text_);
    flags_ = outer;
    return inside;
  }

  // After "(?": whether the group ends with the flags.
  bool change_flags(size_t from) {
    bool on = true, any = false;
    while (!done()) {
      const char32_t c = next_rune(text_, at_);
      if (c == ':' || c == ')') {
        if (!on && !any) break;
        return c == ')';
      }
      any = true;
      if (c == 'i')
        flags_.ignore_case = on;
      else if (c == 'm')
        flags_.lines = on;
      else if (c == 's')
        flags_.dot_all = on;
      else if (c == '-' && on)
        on = any = false;
      else if (c != 'U')
        break;
    }
    bad("invalid or unsupported Perl syntax", since(from));
  }

  Node escape() {
    const size_t from = at_;
    if (take("\\A")) return assertion(Assertion::TextStart);
    if (take("\\z")) return assertion(Assertion::TextEnd);
    if (take("\\b")) return assertion(Assertion::WordBoundary);
    if (take("\\B")) return assertion(Assertion::NoWordBoundary);
    if (at_ + 1 < text_.size()) {
      if (auto ranges = perl_class(text_[at_ + 1])) {
        at_ += 2;
        return set(std::move(*ranges));
      }
      if (text_[at_ + 1] == 'p' || text_[at_ + 1] == 'P') bad("unsupported character class", text_.substr(from));
    }
    return literal(escaped_rune());
  }

  char32_t escaped_rune() {
    const size_t from = at_++;
    if (done()) bad("trailing backslash at end of expression", "");
    const char32_t c = next_rune(text_, at_);
    switch (c) {
      case 'a': return '\a';
      case 'f': return '\f';
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case 'v': return '\v';
      case 'x': return hexadecimal(from);
      default: break;
    }
    const bool octal = c == '0' || (c >= '1' && c <= '7' && peek() >= '0' && peek() <= '7');
    if (octal) {
      char32_t value = c - '0';
      for (int i = 0; i < 2 && peek() >= '0' && peek() <= '7'; ++i)
        value = value * 8 + static_cast<char32_t>(text_[at_++] - '0');
      return value;
    }
    if (c >= 0x80 || std::isalnum(static_cast<int>(c))) bad("invalid escape sequence", since(from));
    return c;
  }

  // \x41 and \x{1F600}
  char32_t hexadecimal(size_t from) {
    const bool braces = take("{");
    char32_t value = 0;
    size_t digits = 0;
    bool fine = true;
    while (fine && !done() && (braces || digits < 2)) {
      const char32_t d = next_rune(text_, at_);
      if (braces && d == '}' && digits > 0) return value;
      fine = d < 0x80 && std::isxdigit(static_cast<int>(d)) && value <= kMaxRune >> 4;
      if (fine) value = value * 16 + (d <= '9' ? d - '0' : (d | 32) - 'a' + 10);
      ++digits;
    }
    if (!braces && !fine && digits == 1 && !done()) next_rune(text_, at_);  // both digits are named in the error
    if (!fine || braces || digits != 2) bad("invalid escape sequence", since(from));
    return value;
  }

  // [a-z], [^...], [[:alpha:]\d]; a bracket that comes first is one of the characters.
  Ranges bracket() {
    const size_t from = at_++;
    const bool negated = take("^");
    Ranges ranges;
    for (bool first = true; first || peek() != ']'; first = false) {
      if (done()) bad("missing closing ]", text_.substr(from));
      if (ahead("[:") && posix(ranges)) continue;
      if (peek() == '\\' && at_ + 1 < text_.size()) {
        if (const auto known = perl_class(text_[at_ + 1])) {
          at_ += 2;
          ranges.insert(ranges.end(), known->begin(), known->end());
          continue;
        }
      }
      const size_t range_from = at_;
      const char32_t low = one_of_bracket(from);
      char32_t high = low;
      if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        high = one_of_bracket(from);
        if (high < low) bad("invalid character class range", since(range_from));
      }
      ranges.emplace_back(low, high);
    }
    ++at_;
    ranges = tidy(std::move(ranges));
    if (flags_.ignore_case) ranges = fold_case(std::move(ranges));
    return negated ? negate(ranges) : ranges;
  }

  char32_t one_of_bracket(size_t from) {
    if (done()) bad("missing closing ]", text_.substr(from));
    return peek() == '\\' ? escaped_rune() : next_rune(text_, at_);
  }

  bool posix(Ranges& ranges) {
    const auto end = text_.find(":]", at_ + 2);
    if (end == std::string_view::npos) return false;
    std::string_view name = text_.substr(at_ + 2, end - at_ - 2);
    const bool negated = name.starts_with('^');
    if (negated) name.remove_prefix(1);
    const auto& classes = posix_classes();
    const auto found = std::find_if(classes.begin(), classes.end(), [&](const Named& c) { return c.name == name; });
    if (found == classes.end()) bad("invalid character class range", text_.substr(at_, end + 2 - at_));
    const Ranges taken = negated ? negate(found->ranges) : found->ranges;
    ranges.insert(ranges.end(), taken.begin(), taken.end());
    at_ = end + 2;
    return true;
  }

  void literal_text(Node& out) {
    while (!done() && !take("\\E")) out.parts.push_back(literal(next_rune(text_, at_)));
  }

  Node literal(char32_t rune) const {
    Ranges ranges{{rune, rune}};
    return set(flags_.ignore_case ? fold_case(std::move(ranges)) : std::move(ranges));
  }
  static Node set(Ranges ranges) { return {.kind = Node::Kind::Set, .ranges = std::move(ranges)}; }
  static Node assertion(Assertion what) { return {.kind = Node::Kind::Assert, .assertion = what}; }

  std::string_view text_;
  size_t at_ = 0;
  Flags flags_;
};

}  // namespace

Node parse(std::string_view text) { return Parser(text).whole(); }

char32_t next_rune(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || at + more > text.size()) return 0xFFFD;
  char32_t rune = lead & (0x3F >> more);
  for (size_t i = 0; i < more; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if ((byte & 0xC0) != 0x80) return 0xFFFD;
    rune = rune << 6 | (byte & 0x3F);
  }
  at += more;
  return rune;
}

}  // namespace spoke::kube::pattern
