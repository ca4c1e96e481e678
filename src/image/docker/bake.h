// docker-bake.hcl: what `docker buildx bake` builds together. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "image/build/recipe.h"

namespace spoke::image {

struct BakeTarget {
  std::string name;     // "spark-driver"
  std::string context;  // its folder, beside the file
  const Recipe* recipe = nullptr;
};

// Tags are the recipe's; where it has none, its name and Spark's version, with the variables REGISTRY and TAG. All
// targets are the group `default`; `groups` has others with the names of their targets.
std::string bake_file(const std::vector<BakeTarget>& targets,
                      const std::map<std::string, std::vector<std::string>>& groups);

// A name that bake allows: letters, digits, _ and -.
std::string bake_name(std::string_view text);

}  // namespace spoke::image
