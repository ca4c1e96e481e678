#include "image/docker/words.h"

#include "base/error.h"
#include "data/json.h"

namespace spoke::image {

std::string one_line(std::string text) {
  if (const auto end = text.find_first_of("\r\n"); end != std::string::npos)
    fail("\"{}...\" has a line break, which a Dockerfile cannot say; take it from a ConfigMap", text.substr(0, end));
  return text;
}

std::string docker_quoted(const std::string& text) {
  std::string out = "\"";
  for (const std::string line = one_line(text); const char c : line) {
    if (c == '"' || c == '\\' || c == '$') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string docker_list(const std::vector<std::string>& words) {
  json::array out;
  for (const std::string& word : words) out.emplace_back(word);
  return json::dump(out);
}

std::string docker_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> escaped;
  for (const std::string& path : paths) {
    std::string& out = escaped.emplace_back();
    for (const char c : path) {
      if (c == '\\' || c == '$' || c == '"' || c == '\'') out += '\\';
      out += c;
    }
  }
  return docker_list(escaped);
}

std::string hcl_quoted(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    if ((c == '$' || c == '%') && i + 1 < text.size() && text[i + 1] == '{') out += c;
    out += c;
  }
  return out + "\"";
}

}  // namespace spoke::image
