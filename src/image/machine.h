// The machine that local/spark is put together from: its files and its environment, so that tests can make up one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/files.h"

namespace spoke::image {

struct Machine {
  Path root = "/";
  std::function<std::string(const std::string&)> env = read_environment;  // "" where it is not set

  Path at(const Path& absolute) const { return root / absolute.relative_path(); }  // "/usr" -> root/usr
  Path find_program(const std::string& name) const;                                // on PATH, below root; "" if absent

  static std::string read_environment(const std::string& name);
};

std::vector<Path> folder_entries(const Path& folder);  // sorted; none where it cannot be read

}  // namespace spoke::image
