// The lowest layer of an image, made from Debian's packages by mmdebstrap, with apt's own settings.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "image/build/layer_file.h"
#include "image/build/recipe.h"

namespace spoke::image {

struct DebianBase {
  std::string suite;         // "bookworm"
  std::string architecture;  // as Go names it
  std::vector<std::string> packages;

  std::string key() const;  // the same for the same
};

// What the recipe's image needs of Debian: its own packages, Java's, Python's, and what Spark's entry point calls.
DebianBase debian_base(const Recipe& recipe, const std::string& architecture);

// Blocks for a minute. User and group 185 are those of Apache's own images, spark. `scratch` is a folder to work in.
// Throws Error.
LayerBlob make_debian(const DebianBase& base, Packing packing, const Path& scratch, const Path& file);

}  // namespace spoke::image
