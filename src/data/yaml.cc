#include "data/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"

namespace spoke::yaml {
namespace {

constexpr size_t kMaxNodes = 1 << 20;  // bounds what aliases can grow to ("billion laughs")
constexpr size_t kMaxDepth = 64;

bool looks_like_number(std::string_view s) {
  if (s.starts_with('-') || s.starts_with('+')) s.remove_prefix(1);
  return !s.empty() && (std::isdigit(static_cast<unsigned char>(s[0])) != 0 || s[0] == '.');
}

// The number of `digits` in that base; nothing where they are none.
std::optional<std::int64_t> whole_number(std::string_view digits, int base) {
  std::int64_t integer = 0;
  const char* end = digits.data() + digits.size();
  const auto r = std::from_chars(digits.data(), end, integer, base);
  return r.ec == std::errc() && r.ptr == end ? std::optional(integer) : std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// -?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?
bool is_json_number(std::string_view s) {
  const auto skip_digits = [&] {
    size_t n = 0;
    while (n < s.size() && is_digit(s[n])) ++n;
    s.remove_prefix(n);
    return n;
  };
  if (s.starts_with('-')) s.remove_prefix(1);
  if (s.size() > 1 && s[0] == '0' && is_digit(s[1])) return false;
  if (skip_digits() == 0) return false;
  if (s.starts_with('.')) {
    s.remove_prefix(1);
    skip_digits();
  }
  if (s.starts_with('e') || s.starts_with('E')) {
    s.remove_prefix(1);
    if (s.starts_with('-') || s.starts_with('+')) s.remove_prefix(1);
    if (skip_digits() == 0) return false;
  }
  return s.empty();
}

json::value scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (looks_like_number(text)) {
    const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
    const char* end = text.data() + text.size();
    const std::string_view digits = text;
    std::optional<std::int64_t> integer;
    if (digits.starts_with("0x"))
      integer = whole_number(digits.substr(2), 16);
    else if (digits.starts_with("0o"))
      integer = whole_number(digits.substr(2), 8);
    else if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]))  // a file's mode is written so: 0400
      integer = whole_number(digits, 8);
    else
      integer = whole_number({begin, end}, 10);
    if (integer) return *integer;
    double real = 0;
    if (const auto r = std::from_chars(begin, end, real); r.ec == std::errc() && r.ptr == end) return real;
  }
  return json::value(text);
}

[[noreturn]] void fail_at(const YAML::Mark& mark, std::string_view why) {
  fail("not YAML: line {}, column {}: {}", mark.line + 1, mark.column + 1, why);
}

// Makes values of yaml-cpp's events. Its own nodes would know neither bound.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Scalars scalars) : scalars_(scalars) {}
  std::vector<json::value> documents() && { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // Where a document cannot start, the parser takes in nothing and starts another one there, for ever.
    if (mark.pos == start_) fail_at(mark, "did not expect this here");
    start_ = mark.pos;
    root_ = nullptr;
    anchors_.clear();
  }
  void OnDocumentEnd() override {
    if (!root_.is_null()) documents_.push_back(std::move(root_));
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) fail_at(mark, "a key is not a plain word");
    add(mark, anchor, nullptr, 1);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) fail_at(mark, "an alias stands inside of what it refers to");
    const Anchored& target = it->second;
    if (stack_.size() + target.height > kMaxDepth) fail_at(mark, too_deep());
    if (wants_key()) {
      if (!target.value.is_string()) fail_at(mark, "a key is not a plain word");
      return set_key(mark, json::to_string(target.value.get_string()));
    }
    spend(mark, target.nodes);
    add(mark, 0, target.value, target.nodes, target.height);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (!is_utf8(text)) fail_at(mark, "an escape stands for half of a letter");
    if (wants_key()) {
      if (anchor != 0) anchors_[anchor] = {json::value(text), 1, 0};
      return set_key(mark, text);
    }
    spend(mark, 1);
    // yaml-cpp tags quoted scalars "!", plain ones "?".
    add(mark, anchor, tag == "!" || tag == "tag:yaml.org,2002:str" ? json::value(text) : plain(text), 1);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, json::array());
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, json::object());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    json::value value;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    std::optional<std::string> key;  // of the member that comes next
    size_t nodes = 1;
    size_t height = 1;
  };
  struct Anchored {
    json::value value;
    size_t nodes = 0;
    size_t height = 0;
  };

  static std::string too_deep() { return fmt::format("it is nested more than {} levels deep", kMaxDepth); }

  void spend(const YAML::Mark& mark, size_t nodes) {
    spent_ += nodes;
    if (spent_ > kMaxNodes) fail_at(mark, "it is too large once its aliases are expanded");
  }

  bool wants_key() const { return !stack_.empty() && stack_.back().value.is_object() && !stack_.back().key; }

  void set_key(const YAML::Mark& mark, const std::string& key) {
    if (stack_.back().value.get_object().contains(key))
      fail_at(mark, fmt::format("key \"{}\" already set in map", key));
    stack_.back().key = key;
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, json::value value) {
    if (wants_key()) fail_at(mark, "a key is not a plain word");
    if (stack_.size() >= kMaxDepth) fail_at(mark, too_deep());
    spend(mark, 1);
    stack_.push_back({.value = std::move(value), .mark = mark, .anchor = anchor, .key = {}});
  }

  json::value plain(const std::string& text) const {
    if (scalars_ == Scalars::Kubernetes) return scalar(text);
    if (text.empty() || text == "null") return nullptr;
    if (text == "true" || text == "false") return text == "true";
    return is_json_number(text) ? scalar(text) : json::value(text);
  }

  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    add(done.mark, done.anchor, std::move(done.value), done.nodes, done.height);
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, json::value value, size_t nodes, size_t height = 0) {
    if (anchor != 0) {
      spend(mark, nodes);  // for the copy that is kept
      anchors_[anchor] = {value, nodes, height};
    }
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = stack_.back();
    parent.nodes += nodes;
    parent.height = std::max(parent.height, height + 1);
    if (parent.value.is_array()) {
      parent.value.get_array().push_back(std::move(value));
    } else {
      parent.value.get_object().emplace(*parent.key, std::move(value));
      parent.key.reset();
    }
  }

  Scalars scalars_;
  std::vector<json::value> documents_;
  std::vector<Open> stack_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  json::value root_;
  int start_ = -1;
  size_t spent_ = 0;
};

bool is_control(unsigned char c) { return c < ' ' || c == 0x7f; }

// Whether a block of lines can hold the text as it is.
bool fits_block(const std::string& text) {
  return text.size() > 1 && text.ends_with('\n') && !text.ends_with("\n\n") && text[0] != '\n' && text[0] != ' ' &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return c != '\n' && is_control(static_cast<unsigned char>(c)); });
}

void emit(YAML::Emitter& out, const json::value& v) {
  switch (v.kind()) {
    case boost::json::kind::null: out << YAML::Null; break;
    case boost::json::kind::bool_: out << v.get_bool(); break;
    case boost::json::kind::int64: out << v.get_int64(); break;
    case boost::json::kind::uint64: out << v.get_uint64(); break;
    case boost::json::kind::double_: out << json::dump(v); break;
    case boost::json::kind::string: {
      const std::string text = json::to_string(v.get_string());
      if (fits_block(text))
        out << YAML::Literal << text;
      else if (!scalar(text).is_string() || std::any_of(text.begin(), text.end(), is_control) ||
               text.starts_with("---") || text.starts_with("..."))  // yaml-cpp does not see that they end a document
        out << YAML::DoubleQuoted << text;
      else
        out << text;
      break;
    }
    case boost::json::kind::array:
      if (v.get_array().empty()) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const auto& item : v.get_array()) emit(out, item);
      out << YAML::EndSeq;
      break;
    case boost::json::kind::object:
      if (v.get_object().empty()) out << YAML::Flow;
      out << YAML::BeginMap;
      for (const auto& [key, member] : v.get_object()) {
        out << YAML::Key;
        emit(out, json::value(key));
        out << YAML::Value;
        emit(out, member);
      }
      out << YAML::EndMap;
      break;
  }
}

}  // namespace

std::vector<json::value> parse_all(std::string_view text, Scalars scalars) {
  // YAML may also be UTF-16 and UTF-32, which yaml-cpp would take it for by its look. Kubernetes' tools read UTF-8.
  if (text.find('\0') != std::string_view::npos || !is_utf8(text)) fail("not YAML: it is not UTF-8 text");
  Builder builder(scalars);
  std::istringstream in{std::string(text)};
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) continue;
  } catch (const YAML::Exception& e) {
    fail_at(e.mark, e.msg);
  }
  return std::move(builder).documents();
}

json::value parse(std::string_view text, Scalars scalars) {
  // What a program wrote is JSON mostly, which is read many times faster.
  if (text.starts_with('{')) {
    try {
      return json::parse(text);
    } catch (const json::ParseError&) {  // then YAML says what is wrong with it
    }
  }
  auto documents = parse_all(text, scalars);
  if (documents.size() != 1) fail("expected one YAML document, found {}", documents.size());
  return std::move(documents[0]);
}

std::string dump(const json::value& v) {
  YAML::Emitter out;
  out.SetSeqFormat(YAML::Block);
  emit(out, v);
  return std::string(out.c_str()) + "\n";
}

}  // namespace spoke::yaml
