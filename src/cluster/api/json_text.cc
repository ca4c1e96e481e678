#include "cluster/api/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "data/json.h"

namespace spoke::cluster {
namespace {

constexpr size_t kDeepest = 1000;  // json::parse takes less; encoding/json would take 10000

// How Go quotes the byte in a SyntaxError, which it takes for a character of Latin-1.
std::string quoted(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\'') return R"('\'')";
  if (c == '"') return R"('"')";
  if (byte >= 0x80)
    return std::string("'") + static_cast<char>(0xC0 | (byte >> 6)) + static_cast<char>(0x80 | (byte & 0x3F)) + "'";
  switch (c) {
    case '\n': return R"('\n')";
    case '\r': return R"('\r')";
    case '\t': return R"('\t')";
    case '\\': return R"('\\')";
    default: break;
  }
  if (byte < 0x20 || byte == 0x7F) return fmt::format(R"('\x{:02x}')", byte);
  return std::string("'") + c + "'";
}

struct Problem {
  std::string text;
};

class Reader {
 public:
  explicit Reader(std::string_view text, std::vector<std::string>* duplicates) : text_(text), duplicates_(duplicates) {}

  void run() {
    value();
    blanks();
    if (at_ < text_.size()) refuse("after top-level value");
  }

 private:
  [[noreturn]] void refuse(std::string_view where) const {
    if (at_ >= text_.size()) throw Problem{"unexpected end of JSON input"};
    throw Problem{fmt::format("invalid character {} {}", quoted(text_[at_]), where)};
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }

  void value() {
    blanks();
    switch (peek()) {
      case '{': return object();
      case '[': return array();
      case '"': string(); return;
      case 't': return literal("true");
      case 'f': return literal("false");
      case 'n': return literal("null");
      default: break;
    }
    if (peek() == '-' || (peek() >= '0' && peek() <= '9')) return number();
    refuse("looking for beginning of value");
  }

  void literal(std::string_view word) {
    for (const char c : word) {
      if (peek() != c || at_ >= text_.size()) refuse(fmt::format("in literal {} (expecting '{}')", word, c));
      ++at_;
    }
  }

  void digits(std::string_view where) {
    if (peek() < '0' || peek() > '9') refuse(where);
    while (peek() >= '0' && peek() <= '9') ++at_;
  }

  void number() {
    if (peek() == '-') ++at_;
    if (peek() == '0')
      ++at_;
    else
      digits("in numeric literal");
    if (peek() == '.') {
      ++at_;
      digits("after decimal point in numeric literal");
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits("in exponent of numeric literal");
    }
  }

  std::string string() {
    const size_t from = at_++;
    for (;; ++at_) {
      if (at_ >= text_.size()) refuse("in string literal");
      const char c = text_[at_];
      if (c == '"') break;
      if (static_cast<unsigned char>(c) < 0x20) refuse("in string literal");
      if (c != '\\') continue;
      ++at_;
      if (at_ >= text_.size() || std::string_view("bfnrtu\\/\"").find(text_[at_]) == std::string_view::npos)
        refuse("in string escape code");
      if (text_[at_] != 'u') continue;
      for (int i = 0; i < 4; ++i) {
        ++at_;
        if (at_ >= text_.size() || std::isxdigit(static_cast<unsigned char>(text_[at_])) == 0)
          refuse("in \\u hexadecimal character escape");
      }
    }
    ++at_;
    if (duplicates_ == nullptr) return "";
    return json::to_string(json::parse(text_.substr(from, at_ - from)).get_string());
  }

  void deeper() {
    ++at_;
    if (++depth_ > kDeepest) throw Problem{"exceeded max depth"};
  }

  // Where something is, as far as it is told: keys from outside may be megabytes long.
  void found_twice() {
    constexpr size_t longest = 1024, most = 100;
    const std::string shown = path_.substr(0, longest);
    if (duplicates_->size() < most && std::find(duplicates_->begin(), duplicates_->end(), shown) == duplicates_->end())
      duplicates_->push_back(shown);
  }

  void object() {
    deeper();
    std::set<std::string> names;
    blanks();
    if (peek() != '}')
      for (;;) {
        blanks();
        if (peek() != '"' || at_ >= text_.size()) refuse("looking for beginning of object key string");
        const std::string name = string();
        const size_t above = path_.size();
        if (duplicates_ != nullptr) {
          if (!path_.empty()) path_ += '.';
          path_ += name;
          if (!names.insert(name).second) found_twice();
        }
        blanks();
        if (peek() != ':') refuse("after object key");
        ++at_;
        value();
        path_.resize(above);
        blanks();
        if (peek() == '}') break;
        if (peek() != ',') refuse("after object key:value pair");
        ++at_;
      }
    ++at_;
    --depth_;
  }

  void array() {
    deeper();
    blanks();
    if (peek() != ']')
      for (size_t i = 0;; ++i) {
        const size_t above = path_.size();
        if (duplicates_ != nullptr) path_ += '[' + std::to_string(i) + ']';
        value();
        path_.resize(above);
        blanks();
        if (peek() == ']') break;
        if (peek() != ',') refuse("after array element");
        ++at_;
      }
    ++at_;
    --depth_;
  }

  std::string_view text_;
  std::vector<std::string>* duplicates_;
  std::string path_;
  size_t at_ = 0;
  size_t depth_ = 0;
};

}  // namespace

std::optional<std::string> json_problem(std::string_view text) {
  try {
    Reader(text, nullptr).run();
  } catch (const Problem& p) {
    return p.text;
  }
  return std::nullopt;
}

std::vector<std::string> duplicate_members(std::string_view text) {
  std::vector<std::string> out;
  try {
    Reader(text, &out).run();
  } catch (const Problem&) {
    out.clear();
  }
  return out;
}

}  // namespace spoke::cluster
