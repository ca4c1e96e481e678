#include "spark/conf_dir.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"

namespace spoke::spark {
namespace {

struct Decoded {
  std::string text;
  std::int64_t java_length = 0;  // in UTF-16 units
  bool malformed = false;
};

Decoded decode(std::string_view bytes) {
  Decoded decoded;
  while (!bytes.empty()) {
    const size_t length = utf8_character(bytes);
    decoded.malformed |= length == 0;
    decoded.text += length == 0 ? "\xef\xbf\xbd" : bytes.substr(0, length);
    decoded.java_length += length == 4 ? 2 : 1;
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  return decoded;
}

bool left_out(std::string_view name) {
  constexpr std::string_view kEndings[] = {".gz", ".zip", ".jar", ".tar", ".template"};
  if (std::any_of(std::begin(kEndings), std::end(kEndings), [&](auto ending) { return name.ends_with(ending); }))
    return true;
  return name.starts_with("spark") && (name.ends_with("conf") || name.ends_with("properties"));
}

}  // namespace

Properties select_conf_files(const Properties& files, std::int64_t max_size, std::vector<std::string>& warnings) {
  std::vector<std::string> skipped;
  std::vector<std::pair<std::int64_t, std::string>> by_size;
  for (const auto& [name, content] : files) {
    if (left_out(name)) continue;
    const auto size = static_cast<std::int64_t>(name.size() + content.size());
    if (size <= max_size)
      by_size.emplace_back(size, name);
    else
      skipped.push_back(name);
  }
  std::sort(by_size.begin(), by_size.end());

  Properties selected;
  std::int64_t total = 0;
  for (const auto& [size, name] : by_size) {
    Decoded decoded = decode(files.find(name)->second);
    if (decoded.malformed) {
      warnings.push_back(fmt::format("Unable to read a non UTF-8 encoded file {}. Skipping...", name));
      continue;
    }
    const std::int64_t length = decode(name).java_length + decoded.java_length;
    if (total + length < max_size) {
      selected.emplace(name, std::move(decoded.text));
      total += length;
    } else {
      skipped.push_back(name);
    }
  }
  if (!skipped.empty())
    warnings.push_back(
        fmt::format("Skipped conf file(s) {}, due to size constraint. Please see, config: "
                    "`spark.kubernetes.configMap.maxSize` for more details.",
                    join(skipped, ",")));
  return selected;
}

std::string decode_utf8(std::string_view bytes) { return decode(bytes).text; }

}  // namespace spoke::spark
