// Python packages of an image, by pip with its own settings.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"

namespace spoke::image {

struct Requirements {
  std::vector<std::string> lines;  // "pandas==2.3.3"
  std::vector<Path> files;         // requirements.txt
  std::string python;              // the image's, "3.11"
  std::string architecture;        // as Go names it

  std::string key() const;  // the same for the same; throws Error where a file cannot be read
  bool is_whole() const;    // whether nothing else is referred to: other files of requirements, wheels of this machine
};

// A requirement that is a file beside the recipe is one of such lines.
Requirements requirements_of(const std::vector<std::string>& requirements, const Path& folder);

// What pip is told, so that it takes wheels for that Python and machine ("x86_64"): nothing is compiled.
std::vector<std::string> pip_arguments(const std::string& python, const std::string& machine);

// Where packages go that are not Debian's, for a Python of Debian's, "3.11".
std::string debian_packages_of(const std::string& python);

// Installs wheels: nothing is compiled. pip runs on that same Python, for it judges by itself what a package needs on
// it. Throws Error with what pip says.
void install_requirements(const Requirements& requirements, const Path& target);

}  // namespace spoke::image
