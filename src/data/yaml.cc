#include "data/yaml.h"

#include <yaml-cpp/yaml.h>

#include <charconv>

namespace spoke::yaml {
namespace {

constexpr size_t kMaxNodes = 1 << 20;  // bounds what aliases can grow to ("billion laughs")
constexpr int kMaxDepth = 64;

bool looks_like_number(std::string_view s) {
  if (s.starts_with('-') || s.starts_with('+')) s.remove_prefix(1);
  return !s.empty() && (std::isdigit(static_cast<unsigned char>(s[0])) != 0 || s[0] == '.');
}

json::value scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (looks_like_number(text)) {
    const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
    const char* end = text.data() + text.size();
    std::int64_t integer = 0;
    if (const auto r = std::from_chars(begin, end, integer); r.ec == std::errc() && r.ptr == end) return integer;
    if (text.starts_with("0x"))
      if (const auto r = std::from_chars(begin + 2, end, integer, 16); r.ec == std::errc() && r.ptr == end) return integer;
    if (text.starts_with("0o"))
      if (const auto r = std::from_chars(begin + 2, end, integer, 8); r.ec == std::errc() && r.ptr == end) return integer;
    double real = 0;
    if (const auto r = std::from_chars(begin, end, real); r.ec == std::errc() && r.ptr == end) return real;
  }
  return json::value(text);
}

json::value convert(const YAML::Node& node, size_t& budget, int depth) {
  if (budget-- == 0) fail("the YAML document is too large once its aliases are expanded");
  if (depth > kMaxDepth) fail("the YAML document is nested more than {} levels deep", kMaxDepth);
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      // yaml-cpp tags quoted scalars "!", plain ones "?".
      if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str") return json::value(node.Scalar());
      return scalar(node.Scalar());
    case YAML::NodeType::Sequence: {
      json::array out;
      for (const auto& item : node) out.push_back(convert(item, budget, depth + 1));
      return out;
    }
    case YAML::NodeType::Map: {
      json::object out;
      for (const auto& entry : node) {
        if (!entry.first.IsScalar()) fail("line {}: a key is not a plain word", entry.first.Mark().line + 1);
        if (!out.emplace(entry.first.Scalar(), convert(entry.second, budget, depth + 1)).second)
          fail("line {}: key \"{}\" already set in map", entry.first.Mark().line + 1, entry.first.Scalar());
      }
      return out;
    }
    default: return nullptr;
  }
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
      if (text.find('\n') != std::string::npos && text.find_first_of("\r\t") == std::string::npos && text.back() == '\n')
        out << YAML::Literal << text;
      else if (!scalar(text).is_string() || text.find_first_of("\n\r\t") != std::string::npos)
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

std::vector<json::value> parse_all(std::string_view text) {
  std::vector<json::value> out;
  try {
    size_t budget = kMaxNodes;
    for (const auto& document : YAML::LoadAll(std::string(text))) {
      json::value v = convert(document, budget, 0);
      if (!v.is_null()) out.push_back(std::move(v));
    }
  } catch (const YAML::Exception& e) {
    fail("not YAML: line {}, column {}: {}", e.mark.line + 1, e.mark.column + 1, e.msg);
  }
  return out;
}

json::value parse(std::string_view text) {
  auto documents = parse_all(text);
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
