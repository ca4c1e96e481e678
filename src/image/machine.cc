#include "image/machine.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/strings.h"

namespace spoke::image {

std::string Machine::read_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? value : "";
}

Path Machine::find_program(const std::string& name) const {
  for (const std::string& folder : split(env("PATH") + ":/usr/local/bin:/usr/bin", ':')) {
    if (!folder.starts_with('/')) continue;
    const Path candidate = at(folder) / name;
    std::error_code none;
    if (::access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate, none)) return candidate;
  }
  return {};
}

std::vector<Path> folder_entries(const Path& folder) {
  std::vector<Path> out;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

}  // namespace spoke::image
