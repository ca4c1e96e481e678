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
};

// A requirement that is a file beside the recipe is one of such lines.
Requirements requirements_of(const std::vector<std::string>& requirements, const Path& folder);

// Installs wheels for that Python, whatever Python runs pip: nothing is compiled. Throws Error with what pip says.
void install_requirements(const Requirements& requirements, const Path& target);

}  // namespace spoke::image
